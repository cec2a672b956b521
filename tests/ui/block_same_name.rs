//! Methods of one name, of a type and of its traits: all but one name their controls.
//!
//! More than one message is what the compiler gives for those that do not: one for each
//! name that is there twice, and one for each use of it. None says the fix,
//! `companion = name`.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

trait Convert<T> {
    fn convert(&self, value: T) -> u64;
}

#[lru_cache]
impl Convert<u8> for Analyzer {
    #[lru_cache]
    fn convert(&self, value: u8) -> u64 {
        self.n + u64::from(value)
    }
}

#[lru_cache]
impl Convert<u16> for Analyzer {
    #[lru_cache]
    fn convert(&self, value: u16) -> u64 {
        self.n + u64::from(value)
    }
}

/// Right.
#[lru_cache]
impl Convert<u32> for Analyzer {
    #[lru_cache(companion = convert_u32)]
    fn convert(&self, value: u32) -> u64 {
        self.n + u64::from(value)
    }
}

fn main() {
    let a = Analyzer::default();
    a.caches.clear();
    a.convert(1_u8);
    a.convert(1_u16);
    a.convert(1_u32);
    a.convert_u32_cache().cache_info();
}
