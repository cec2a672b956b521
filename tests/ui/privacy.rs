//! The controls are as visible as the function.

mod inner {
    use lruheap::lru_cache;

    #[lru_cache]
    fn private(n: u64) -> u64 {
        n
    }

    #[lru_cache]
    pub(super) fn shared(n: u64) -> u64 {
        private(n)
    }
}

fn main() {
    inner::shared(1);
    inner::shared::cache_info();
    inner::private::cache_info();
}
