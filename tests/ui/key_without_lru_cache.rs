//! `#[key]` alone means nothing.

fn square(#[key(skip)] n: u64) -> u64 {
    n * n
}

fn main() {
    square(1);
}
