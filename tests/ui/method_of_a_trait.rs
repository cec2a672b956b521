//! Methods of traits: with a body, and of hosts.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

trait WithoutBody {
    #[lru_cache]
    fn area(&self) -> u64;
}

trait WithoutHost {
    fn side(&self) -> u64;

    #[lru_cache]
    fn area(&self) -> u64 {
        self.side() * self.side()
    }
}

/// Right.
trait WithHost: CacheHost {
    fn side(&self) -> u64;

    #[lru_cache]
    fn area_of_host(&self) -> u64 {
        self.side() * self.side()
    }
}

#[derive(CacheHost)]
struct Square(u64, InstanceCaches);

impl WithoutBody for Square {
    fn area(&self) -> u64 {
        self.0 * self.0
    }
}

impl WithoutHost for Square {
    fn side(&self) -> u64 {
        self.0
    }
}

impl WithHost for Square {
    fn side(&self) -> u64 {
        self.0
    }
}

fn main() {
    let square = Square(1, InstanceCaches::new());
    square.1.clear();
    WithoutBody::area(&square);
    WithoutHost::area(&square);
    square.area_of_host();
    square.area_of_host_cache().cache_info();
}
