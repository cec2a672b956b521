//! All mistakes are reported together, each at its own place.

use lruheap::lru_cache;

#[lru_cache(maxsize = -1, ttl = 0, tipped = true, typed = 1, typed = true)]
const fn everything(
    values: &mut Vec<u8>,
    #[key(skip, skip)] n: u8,
    #[key] m: u8,
    #[cfg(any())] k: u8,
) -> &u8 {
    let _ = (n, m, values);
    &0
}

#[lru_cache(scope = global)]
fn in_the_types(x: f64, y: f32) -> Box<dyn Fn(u8) -> u8 + Send + Sync> {
    Box::new(move |z| z + x as u8 + y as u8)
}

fn main() {
    everything(&mut vec![1], 2, 3);
    everything::cache_info();
    in_the_types(1.0, 2.0);
    in_the_types::cache_info();
}
