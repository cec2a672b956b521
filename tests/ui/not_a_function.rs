//! Only functions and `impl` blocks can be memoized.

use lruheap::{cache, lru_cache};

#[lru_cache]
struct Struct;

#[lru_cache(maxsize = 1)]
pub enum Enum {
    A,
}

#[lru_cache]
trait Trait {}

#[cache]
mod module {
    pub fn inside() {}
}

#[lru_cache]
const CONST: u8 = 0;

#[lru_cache]
pub(crate) static STATIC: u8 = 0;

#[lru_cache]
type Alias = u8;

#[lru_cache]
use std::collections::HashMap;

fn main() {
    _ = Struct;
    _ = Enum::A;
    module::inside();
    _ = CONST + STATIC;
    _ = HashMap::<Alias, u8>::new();
}
