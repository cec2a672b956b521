//! `#[lru_cache]` stands on `impl` blocks and functions, not on traits.

use lruheap::{CacheHost, cache, lru_cache};

#[lru_cache]
trait Area: CacheHost {
    fn side(&self) -> u64;

    fn area(&self) -> u64 {
        self.side() * self.side()
    }
}

#[cache]
pub unsafe trait Volume {
    fn volume(&self) -> u64;
}

struct Square;

unsafe impl Volume for Square {
    fn volume(&self) -> u64 {
        0
    }
}

fn area(of: &dyn Volume) -> u64 {
    of.volume()
}

fn side<T: Area>(of: &T) -> u64 {
    of.side() + of.area()
}

fn main() {
    area(&Square);
    let _ = side::<Host>;
}

struct Host(lruheap::InstanceCaches);

impl CacheHost for Host {

    fn instance_caches(&self) -> &lruheap::InstanceCaches {
        &self.0
    }
}

impl Area for Host {
    fn side(&self) -> u64 {
        0
    }
}
