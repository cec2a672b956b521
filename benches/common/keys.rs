//! What the caches are asked for.

use std::sync::LazyLock;

/// The keys that hits go to.
pub(crate) const HOT: u64 = 256;

static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let text = |n| format!("a-key-of-25-bytes-{n:07}");
    (0..HOT).map(text).collect()
});

/// A hot key as a text of 25 bytes.
pub(crate) fn text(key: u64) -> &'static str {
    &TEXTS[usize::try_from(key).expect("a hot key")]
}

/// So many draws of keys, the n-th likeliest with a weight of 1 / n (Zipf 1.0).
pub(crate) fn zipf(keys: u32, draws: usize, seed: u64) -> Vec<u64> {
    let mut sum = 0.0;
    let cumulated: Vec<f64> = (1..=keys)
        .map(|rank| {
            sum += 1.0 / f64::from(rank);
            sum
        })
        .collect();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut draw = || {
        let point = random.f64() * sum;
        cumulated.partition_point(|&weight| weight < point) as u64
    };
    (0..draws).map(|_| draw()).collect()
}
