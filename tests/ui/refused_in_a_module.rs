//! A refused function is used from elsewhere without a second error.

mod inner {
    use lruheap::lru_cache;

    #[lru_cache]
    pub const fn square(n: u64) -> u64 {
        n * n
    }

    #[lru_cache]
    pub fn shown(n: u64) -> impl std::fmt::Display {
        n
    }

    #[lru_cache]
    pub fn generic<T: Clone + 'static>(values: &mut Vec<T>) -> usize {
        values.len()
    }

    #[lru_cache]
    pub fn value(n: &mut impl Into<u64>) -> u64 {
        let _ = n;
        0
    }
}

use inner::{generic, shown, square, value};

fn main() {
    square(1);
    square::cache_info();
    println!("{}", shown(1));
    shown::cache_info();
    generic(&mut vec![1]);
    generic::<i32>::cache_info();
    inner::generic::<i32>::cache_clear();
    value(&mut 1_u8);
    value::cache_info();
}
