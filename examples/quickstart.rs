//! q
use lruheap::lru_cache;
#[lru_cache(maxsize = 128)]
pub fn fibonacci(n: u64) -> u64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}
#[lru_cache]
fn s(a: &str, b: Option<&str>, c: &[&str], (d, e): (u32, &str)) -> Result<usize, std::io::Error> { Ok(a.len() + b.map_or(0, str::len) + c.len() + d as usize + e.len()) }
#[lru_cache]
fn g<T: std::fmt::Display + std::hash::Hash + Eq + Clone + Send + Sync + 'static>(a: T) -> String { a.to_string() }
#[lru_cache]
fn k(#[key(x.to_bits())] x: f64, y: impl std::hash::Hash + Eq + Clone + Send + Sync + 'static) -> std::io::Result<f64> { let _ = y; Ok(x) }
#[lru_cache(scope = thread, ttl = "5m")]
fn t(x: u32) -> std::rc::Rc<u32> { std::rc::Rc::new(x) }
fn main() {
    println!("{} {}", fibonacci(35), fibonacci::cache_info());
    for _ in 0..3 { s("a", Some("b"), &["c"], (1, "e")).unwrap(); g(5); g("x"); k(1.5, 3).unwrap(); k(1.5, "3").unwrap(); t(5); }
    println!("{} {} {} {} {}", s::cache_info(), g::<i32>::cache_info(), g::<&str>::cache_info(), k::cache_info(), t::cache_info());
}
