//! The bounds of a type whose instances are in an `Arc`.
//!
//! Where `'static` lacks, more than one message is what the compiler gives: the same fix
//! at two places.

use std::sync::Arc;

use lruheap::lru_cache;

struct Plain<T>(T);

impl<T: ToString + 'static> Plain<T> {
    #[lru_cache]
    fn without_send(self: &Arc<Self>) -> usize {
        self.0.to_string().len()
    }
}

impl<T: ToString + Send + Sync> Plain<T> {
    #[lru_cache]
    fn without_static(self: &Arc<Self>) -> usize {
        self.0.to_string().len()
    }
}

fn main() {
    Arc::new(Plain(1)).without_send();
    Arc::new(Plain(1)).without_send_cache().cache_info();
    Arc::new(Plain(1)).without_static();
    Arc::new(Plain(1)).without_static_cache().cache_info();
}
