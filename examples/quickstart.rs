//! The shortest tour: `cargo run --example quickstart`. The README shows what
//! it prints.

use std::time::Duration;

use lruheap::{Cache, lru_cache};

/// The n-th Fibonacci number: recursion through the cache.
#[lru_cache(maxsize = 128)]
fn fibonacci(n: u64) -> u64 {
    if n < 2 {
        n
    } else {
        fibonacci(n - 1) + fibonacci(n - 2)
    }
}

/// Arguments by reference are looked up as they are; an `Err` is not kept.
#[lru_cache(ttl = "10m")]
fn parse(text: &str, radix: u32) -> Result<i64, std::num::ParseIntError> {
    println!("  parsing {text:?}");
    i64::from_str_radix(text, radix)
}

/// A float has no `Eq`; its bits do.
#[lru_cache]
fn root(#[key(x.to_bits())] x: f64) -> f64 {
    x.sqrt()
}

fn main() {
    println!("fibonacci(35) = {}", fibonacci(35));
    println!("{}", fibonacci::cache_info());

    for text in ["ff", "ff", "no number", "no number"] {
        match parse(text, 16) {
            Ok(number) => println!("{text:?} is {number}"),
            Err(error) => println!("{text:?}: {error}"),
        }
    }
    println!("{}", parse::cache_info());
    println!("still there: {:?}", parse::cache_peek("ff", 16));
    println!("removed: {:?}", parse::cache_remove("ff", 16));

    println!("root(2.25) = {}, again {}", root(2.25), root(2.25));
    println!("hit rate {:.0} %", 100.0 * root::cache_info().hit_rate());

    let lengths: Cache<String, usize> = Cache::builder()
        .maxsize(2)
        .ttl(Duration::from_secs(60))
        .build();
    for word in ["one", "three", "one", "seven"] {
        lengths.get_or_insert_with(word, || word.len());
    }
    println!("least recently used: {:?}", lengths.least_recent());
    println!("{}", lengths.info());
}
