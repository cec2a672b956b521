//! Memoized methods: each instance its own cache, and nothing outlives it.
//!
//! `cargo run --example methods`

use std::sync::atomic::{AtomicUsize, Ordering};

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost)]
struct Analyzer {
    name: &'static str,
    data: Vec<i64>,
    caches: InstanceCaches,
}

impl Analyzer {
    fn new(name: &'static str, data: &[i64]) -> Self {
        Analyzer {
            name,
            data: data.to_vec(),
            caches: InstanceCaches::new(),
        }
    }

    /// What lies above the threshold.
    #[lru_cache(maxsize = 128)]
    fn analyze(&self, threshold: i64) -> Vec<i64> {
        println!("  {} looks at its data", self.name);
        let above = self.data.iter().copied().filter(|&x| x > threshold);
        above.collect()
    }
}

/// Figures, sorted at most once between two changes.
#[derive(CacheHost)]
struct Dataset {
    values: Vec<f64>,
    caches: InstanceCaches,
}

impl Dataset {
    fn new(values: &[f64]) -> Self {
        Dataset {
            values: values.to_vec(),
            caches: InstanceCaches::new(),
        }
    }

    /// Without arguments a memoized method is a cached property.
    #[lru_cache]
    fn sorted(&self) -> Sorted {
        println!("  sorting {:?}", self.values);
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        Sorted::new(values)
    }

    #[lru_cache]
    #[allow(clippy::cast_precision_loss)]
    fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    #[lru_cache]
    fn median(&self) -> f64 {
        let sorted = &self.sorted().0;
        let middle = sorted.len() / 2;
        match sorted.len() % 2 {
            0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
            _ => sorted[middle],
        }
    }

    /// Whatever was computed is out of date when this returns.
    #[cache_invalidate]
    fn append(&mut self, value: f64) {
        self.values.push(value);
    }
}

/// Counts how many of it there are, to show when they go.
struct Sorted(Vec<f64>);

static SORTED: AtomicUsize = AtomicUsize::new(0);

impl Sorted {
    fn new(values: Vec<f64>) -> Self {
        SORTED.fetch_add(1, Ordering::Relaxed);
        Sorted(values)
    }
}

impl Clone for Sorted {
    fn clone(&self) -> Self {
        Sorted::new(self.0.clone())
    }
}

impl Drop for Sorted {
    fn drop(&mut self) {
        SORTED.fetch_sub(1, Ordering::Relaxed);
    }
}

fn main() {
    println!("Two analyzers:");
    let small = Analyzer::new("small", &[1, 2, 3, 4, 5]);
    let large = Analyzer::new("large", &[10, 20, 30, 40, 50]);
    println!("small.analyze(3) = {:?}", small.analyze(3));
    println!("large.analyze(3) = {:?}", large.analyze(3));
    println!("small.analyze(3) = {:?}", small.analyze(3));
    println!("small: {}", small.analyze_cache().cache_info());
    println!("large: {}", large.analyze_cache().cache_info());
    println!("both:  {}", Analyzer::analyze_caches().cache_info());
    drop(large);
    println!("live instances: {}", Analyzer::analyze_caches().instances());

    println!("\nA dataset:");
    let mut data = Dataset::new(&[3.0, 1.0, 4.0, 1.0, 5.0]);
    println!("mean {:.4}, median {}", data.mean(), data.median());
    println!("mean {:.4}, median {}", data.mean(), data.median());
    data.append(9.0);
    println!("mean {:.4}, median {}", data.mean(), data.median());

    println!("\nAll caches:");
    lruheap::report();

    println!("\ncached values alive: {}", SORTED.load(Ordering::Relaxed));
    drop(data);
    println!("after the dataset:   {}", SORTED.load(Ordering::Relaxed));
}
