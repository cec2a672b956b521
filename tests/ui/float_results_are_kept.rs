//! Only the parameters are asked for `Hash + Eq`, one error for each at fault.

use lruheap::lru_cache;

#[lru_cache]
fn distance(x: f64, label: String, y: f32) -> f64 {
    x + f64::from(y) + label.len() as f64
}

fn main() {
    distance(1.0, String::new(), 2.0);
    distance::cache_contains(1.0, String::new(), 2.0);
}
