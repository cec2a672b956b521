//! Enums and unions have no field that is always there.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost)]
enum Shape {
    Circle(f64, InstanceCaches),
    Point { caches: InstanceCaches },
}

#[derive(CacheHost)]
enum Never {}

#[derive(CacheHost)]
union Bits<T: Copy> {
    float: T,
    bits: u32,
}

impl Shape {
    #[lru_cache]
    fn area(&self) -> f64 {
        match self {
            Shape::Circle(radius, caches) => {
                caches.clear();
                radius * radius
            }
            Shape::Point { caches } => {
                caches.clear();
                0.0
            }
        }
    }
}

impl Never {
    #[lru_cache]
    fn never(&self) -> u8 {
        match *self {}
    }
}

impl<T: Copy + 'static> Bits<T> {
    #[lru_cache]
    fn bits(&self) -> u32 {
        let _ = unsafe { self.float };
        unsafe { self.bits }
    }
}

fn main() {
    let shape = Shape::Circle(1.0, InstanceCaches::new());
    shape.area();
    shape.area_cache().cache_info();
    drop(Shape::Point { caches: InstanceCaches::new() });
    Never::never_caches().cache_info();
    let bits = Bits { float: 1.0_f32 };
    bits.bits();
    bits.bits_cache().cache_info();
}
