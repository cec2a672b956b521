//! An associated function that nothing tells from a free one.

use lruheap::lru_cache;

struct Table;

impl Table {
    #[lru_cache]
    fn entry(n: u64) -> u64 {
        n * n
    }
}

fn main() {
    Table::entry(1);
}
