//! What all threads share has to be `Send + Sync`; with `scope = thread` it need not.

use std::cell::Cell;
use std::rc::Rc;

use lruheap::lru_cache;

#[lru_cache]
fn argument(text: Rc<str>) -> usize {
    text.len()
}

#[lru_cache]
fn result(n: u64) -> Rc<u64> {
    Rc::new(n)
}

#[lru_cache]
fn not_sync(n: u64) -> Option<Cell<u64>> {
    Some(Cell::new(n))
}

#[lru_cache]
fn checked(n: u64) -> Result<Rc<u64>, String> {
    Ok(Rc::new(n))
}

#[lru_cache]
fn both(text: Rc<str>, n: u64) -> Rc<u64> {
    Rc::new(n + text.len() as u64)
}

#[lru_cache]
fn generic<T: Into<u64> + 'static>(#[key(skip)] n: T) -> Rc<u64> {
    Rc::new(n.into())
}

#[lru_cache(scope = thread)]
fn of_the_thread(text: Rc<str>) -> Rc<usize> {
    Rc::new(text.len())
}

fn main() {
    argument("a".into());
    argument::cache_info();
    result(1);
    result::cache_info();
    not_sync(1);
    not_sync::cache_info();
    _ = checked(1);
    checked::cache_info();
    both("a".into(), 1);
    both::cache_info();
    generic(1_u8);
    generic::<u8>::cache_info();
    of_the_thread("a".into());
    of_the_thread::cache_info();
}
