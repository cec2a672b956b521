//! Nothing is said of methods, hosts and their controls, used or not, nor of code
//! that the macros wrote.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]
#![deny(unused_qualifications, unreachable_pub, elided_lifetimes_in_paths, single_use_lifetimes)]
#![deny(unused_lifetimes, unused_results, trivial_casts, missing_debug_implementations)]
#![deny(missing_copy_implementations, unused_extern_crates, let_underscore_drop)]
#![deny(explicit_outlives_requirements, redundant_lifetimes, unit_bindings)]
#![deny(rust_2018_idioms, nonstandard_style, future_incompatible, keyword_idents)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]

use std::rc::Rc;
use std::sync::Arc;

use lruheap::{CacheHost, InstanceCaches, cache, cache_invalidate, lru_cache};

#[derive(CacheHost, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Analyzer {
    data: Vec<i64>,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache(maxsize = 128, ttl = 60)]
    fn above(&self, threshold: i64) -> Vec<i64> {
        self.data.iter().copied().filter(|&x| x > threshold).collect()
    }

    #[cache(cache_if = |value| value.is_some())]
    fn first(&self) -> Option<i64> {
        self.data.first().copied()
    }

    #[lru_cache]
    fn named(self: &Arc<Self>, text: &str, #[key(x.to_bits())] x: f64) -> Result<String, String> {
        if x > 0.0 { Ok(text.to_string()) } else { Err(self.data.len().to_string()) }
    }

    #[lru_cache]
    fn of_thread(self: Rc<Self>) -> usize {
        self.data.len()
    }

    #[lru_cache(scope = thread)]
    fn shared(#[key(self.data.len())] &self) -> usize {
        self.data.len()
    }

    #[lru_cache]
    fn generic<T: std::hash::Hash + Eq + Clone + Send + Sync + 'static>(&self, value: T) -> usize {
        drop(value);
        self.data.len()
    }

    #[lru_cache]
    async fn waited(&self, n: usize) -> usize {
        self.data.len() + n
    }

    #[cache_invalidate]
    fn push(&mut self, value: i64) {
        self.data.push(value);
    }

    #[cache_invalidate(above, first)]
    fn pop(&mut self) -> Option<i64> {
        self.data.pop()
    }
}

#[lru_cache]
impl Analyzer {
    #[lru_cache]
    fn with(n: i64) -> Self {
        Self { data: vec![n], caches: InstanceCaches::new() }
    }
}

trait Sum {
    fn sum(&self) -> i64;

    fn never_called(&self) -> i64;
}

#[lru_cache]
impl Sum for Analyzer {
    #[lru_cache]
    fn sum(&self) -> i64 {
        self.data.iter().sum()
    }

    #[lru_cache]
    fn never_called(&self) -> i64 {
        self.data.iter().product()
    }
}

/// Part of the interface.
#[derive(CacheHost, Debug, Default)]
pub struct Exported<'a, T> {
    /// Its name.
    pub name: &'a str,
    value: T,
    caches: InstanceCaches,
}

impl<T: ToString + 'static> Exported<'_, T> {
    /// How it is shown.
    #[lru_cache]
    pub fn show(&self) -> String {
        self.value.to_string() + self.name
    }

    /// Changes it.
    #[cache_invalidate]
    pub fn set(&mut self, value: T) {
        self.value = value;
    }
}

fn main() {
    let mut a = Analyzer::with(1);
    assert_eq!(a.above(0), [1]);
    assert_eq!((a.first(), a.sum(), a.shared()), (Some(1), 1, 1));
    a.push(2);
    assert_eq!(a.pop(), Some(2));
    assert_eq!(a.generic(1), 1);
    drop(a.waited(1));
    assert_eq!(Rc::new(a.clone()).of_thread(), 1);
    assert_eq!(Arc::new(a).named("a", 1.0), Ok("a".to_string()));
    let mut exported = Exported { name: "a", value: 1, caches: InstanceCaches::new() };
    exported.set(2);
    assert_eq!(exported.show(), "2a");
}
