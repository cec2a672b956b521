//! Names of the prelude, and of the crate, may be anything where methods are.
#![deny(warnings)]
#![allow(dead_code, non_camel_case_types)]

#[derive(lruheap::CacheHost)]
struct Host {
    n: u64,
    caches: lruheap::InstanceCaches,
}

struct Option;
struct Some;
struct None;
struct Result;
struct Ok;
struct Err;
struct String;
struct Vec;
struct Box;
struct usize;
struct bool;
struct CacheHost;
struct InstanceCaches;
struct MethodCache;
trait Sized {}
trait Clone {}
trait Fn {}
trait Hash {}
trait Send {}
trait Default {}
mod std {}
mod core {}

impl Host {
    #[lruheap::lru_cache]
    fn square(&self, n: u64) -> u64 {
        self.n * n
    }

    #[lruheap::lru_cache]
    fn of_all(#[key(self.n)] &self, n: u64) -> u64 {
        self.n * n
    }

    #[lruheap::lru_cache]
    fn counted(self: &::std::sync::Arc<Self>) -> u64 {
        self.n
    }

    #[lruheap::cache_invalidate]
    fn set(&mut self, n: u64) {
        self.n = n;
    }

    #[lruheap::cache_invalidate(square)]
    fn add(&mut self, n: u64) {
        self.n += n;
    }
}


fn main() {}
