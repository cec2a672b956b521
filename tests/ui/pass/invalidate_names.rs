//! What `#[cache_invalidate]` may name, and where it may stand.
#![deny(warnings)]

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

trait Shape {
    fn area(&self) -> u64;

    fn grow(&mut self, by: u64);
}

#[derive(CacheHost, Default)]
struct Square {
    side: u64,
    shown: Cell<bool>,
    caches: InstanceCaches,
}

#[lru_cache]
impl Shape for Square {
    #[lru_cache]
    fn area(&self) -> u64 {
        self.side * self.side
    }

    #[cache_invalidate(area, of_all)]
    fn grow(&mut self, by: u64) {
        self.side += by;
    }
}

#[lru_cache]
impl Square {
    #[lru_cache]
    fn unit(n: u64) -> u64 {
        n * n
    }

    #[lru_cache]
    fn of_all(#[key(self.side)] &self) -> u64 {
        self.side
    }

    #[lru_cache(companion = perimeter)]
    fn around(&self) -> u64 {
        4 * self.side
    }

    #[cache_invalidate(unit, perimeter,)]
    fn set(&mut self, side: u64) -> &mut Self {
        self.side = side;
        self
    }

    #[cache_invalidate()]
    fn show(&self) -> &Cell<bool> {
        self.shown.set(true);
        &self.shown
    }

    #[cache_invalidate]
    async fn wait(&mut self) -> &u64 {
        self.side += 1;
        &self.side
    }

    #[cache_invalidate(perimeter)]
    unsafe fn dangerous<'a, T: Copy>(self: &'a mut Self, value: &'a T) -> Result<&'a T, String> {
        self.side += 1;
        if self.side > 100 {
            return Err("too long".into());
        }
        Ok(value)
    }
}

struct Plain(u64);

impl Plain {
    #[lru_cache]
    fn counted(self: &Arc<Self>) -> u64 {
        self.0
    }

    #[lru_cache]
    fn local(self: &Rc<Self>) -> u64 {
        self.0
    }

    #[cache_invalidate(counted)]
    fn change(self: &Arc<Self>) {}

    #[cache_invalidate(local)]
    fn change_local(self: Rc<Self>) {}
}

fn main() {
    let mut square = Square::default();
    square.set(1).grow(1);
    assert!(square.show().get());
    drop(square.wait());
    assert_eq!(unsafe { square.dangerous(&1) }, Ok(&1));
    assert_eq!((square.area(), square.of_all(), square.around()), (9, 3, 12));
    assert_eq!(Square::unit(2), 4);
    let plain = Arc::new(Plain(1));
    assert_eq!(plain.counted(), 1);
    plain.change();
    let plain = Rc::new(Plain(1));
    assert_eq!(plain.local(), 1);
    plain.change_local();
}
