//! The controls of a method that was refused are there, so that its refusal is
//! all that is said.

use std::sync::Arc;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    data: Vec<i64>,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache(maxsize = None)]
    fn push(&mut self, x: i64) -> usize {
        self.data.push(x);
        self.data.len()
    }

    #[lru_cache(companion = taking)]
    fn take(self) -> usize {
        self.data.len()
    }

    #[lru_cache(companion = none)]
    fn take_too(self) -> usize {
        self.data.len()
    }

    #[lru_cache]
    fn boxed(self: Box<Self>, n: usize) -> usize {
        self.data.len() + n
    }

    #[lru_cache(scope = thread)]
    fn of_arc(self: Arc<Self>) -> usize {
        self.data.len()
    }

    #[lru_cache]
    fn first(&self) -> &i64 {
        &self.data[0]
    }

    #[lru_cache]
    async fn of_iterator(&self) -> impl Iterator<Item = u8> {
        0..self.data.len() as u8
    }
}

#[lru_cache]
impl Analyzer {
    #[lru_cache]
    fn named(n: &str) -> &str {
        n
    }

    #[lru_cache]
    fn generic<T: Into<f64>>(&mut self, values: T) -> f64 {
        values.into()
    }
}

fn main() {
    let mut a = Analyzer::default();
    a.push_uncached(1);
    a.push_cache().cache_info();
    a.push_cache().cache_remove((1,));
    Analyzer::push_caches().cache_clear();
    Analyzer::default().taking_cache().cache_info();
    Analyzer::default().taking_uncached();
    Analyzer::default().take_too();
    Analyzer::taking_caches().instances();
    Box::new(Analyzer::default()).boxed_cache().cache_info();
    Analyzer::boxed_caches().cache_clear();
    Arc::new(Analyzer::default()).of_arc_cache().cache_peek(());
    a.first_cache().cache_clear();
    a.first_uncached();
    drop(a.of_iterator_refresh());
    a.of_iterator_cache().cache_info();
    Analyzer::named_cache().cache_info();
    Analyzer::named_uncached("a");
    a.generic_cache::<f32>().cache_info();
    a.generic_uncached(1.0_f32);
}
