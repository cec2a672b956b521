//! Methods are not there yet, and `&mut self` never will be.

use std::sync::Arc;

use lruheap::lru_cache;

struct Analyzer(Vec<i64>);

impl Analyzer {
    #[lru_cache]
    fn count(&self, threshold: i64) -> usize {
        self.0.iter().filter(|&&x| x > threshold).count()
    }

    #[lru_cache(maxsize = None)]
    fn push(&mut self, x: i64) -> usize {
        self.0.push(x);
        self.0.len()
    }

    #[lru_cache]
    fn push_mut(self: &mut Self, x: i64) -> usize {
        self.0.push(x);
        self.0.len()
    }

    #[lru_cache]
    fn take(self) -> usize {
        self.0.len()
    }

    #[lru_cache]
    fn shared(self: Arc<Self>) -> usize {
        self.0.len()
    }

    #[lru_cache]
    fn new(n: usize) -> Self {
        Analyzer(vec![0; n])
    }

    #[lru_cache]
    fn merge(_: &Self) -> usize {
        0
    }
}

trait Count {
    #[lru_cache]
    fn count(&self) -> usize;
}

fn main() {
    let mut a = Analyzer::new(1);
    a.count(0);
    a.push(1);
    a.push_mut(1);
    Analyzer::merge(&a);
    a.take();
    Arc::new(Analyzer::new(2)).shared();
}
