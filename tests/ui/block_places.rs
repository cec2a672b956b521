//! Blocks beside which no controls can stand: each is refused once, and the methods
//! are there.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

trait Area {
    fn area(&self, n: u64) -> u64;
}

trait Convert<T> {
    fn convert(&self, value: T) -> u64;
}

struct Circle(u64);

#[derive(CacheHost)]
struct Square(u64, InstanceCaches);

#[derive(CacheHost)]
struct Line(u64, InstanceCaches);

trait Marker {}

impl Marker for Circle {}

#[lru_cache]
impl<T: Marker> Area for T {
    #[lru_cache]
    fn area(#[key(skip)] &self, n: u64) -> u64 {
        n
    }
}

#[lru_cache]
impl Area for &Square {
    #[lru_cache]
    fn area(#[key(self.0)] &self, n: u64) -> u64 {
        self.0 + n
    }
}

#[lru_cache]
impl Area for [u64] {
    #[lru_cache]
    fn area(#[key(self.to_vec())] &self, n: u64) -> u64 {
        self.iter().sum::<u64>() + n
    }
}

#[lru_cache]
impl Area for (u64, u64) {
    #[lru_cache]
    fn area(#[key(skip)] &self, n: u64) -> u64 {
        n
    }
}

#[lru_cache]
impl<T: Into<u64>> Convert<T> for Square {
    #[lru_cache]
    fn convert(&self, value: T) -> u64 {
        value.into() + self.0
    }
}

#[lru_cache]
impl<const N: usize> Convert<[u8; N]> for Line {
    #[lru_cache]
    fn convert(&self, value: [u8; N]) -> u64 {
        value.len() as u64 + self.0
    }
}

fn main() {
    Circle(1).area(1);
    let _ = Circle(1).0;
    (&Square(1, InstanceCaches::new())).area(1);
    Square(1, InstanceCaches::new()).convert(1_u8);
    Square(1, InstanceCaches::new()).1.clear();
    Line(1, InstanceCaches::new()).convert([1, 2, 3]);
    Line(1, InstanceCaches::new()).1.clear();
    [1_u64, 2][..].area(1);
    (1, 2).area(1);
}
