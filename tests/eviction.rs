//! Which entry goes when a cache is full: always the least recently used one.

mod common;

use common::four;
use lruheap::lru_cache;

#[test]
fn a_cycle_longer_than_the_cache_is_all_misses() {
    #[lru_cache(maxsize = 2)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in [1, 2, 3, 1] {
        assert_eq!(double(n), n * 2);
    }
    assert_eq!(four(double::cache_info()), (0, 4, Some(2), 2));
    assert_eq!(double::cache_info().evictions, 2);
}

#[test]
fn a_hit_saves_an_entry_from_eviction() {
    #[lru_cache(maxsize = 3)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in [1, 2, 3, 2, 4, 1] {
        assert_eq!(double(n), n * 2);
    }
    assert_eq!(four(double::cache_info()), (1, 5, Some(3), 3));
    assert_eq!(double::cache().entries(), [((2,), 4), ((4,), 8), ((1,), 2)]);
}

#[test]
fn after_a_get_of_the_first_the_second_goes() {
    #[lru_cache(maxsize = 3)]
    fn number(n: u32) -> u32 {
        n
    }
    for n in 1..=3 {
        number::cache_insert(n, n * 10);
    }
    assert_eq!(number(1), 10);
    number::cache_insert(4, 40);
    assert!(!number::cache_contains(2));
    assert_eq!(
        number::cache().entries(),
        [((3,), 30), ((1,), 10), ((4,), 40)]
    );
    assert_eq!(number::cache_info().evictions, 1);
}

#[test]
fn touching_a_of_five_letters_sends_b_away() {
    #[lru_cache(maxsize = 5)]
    fn letter(c: char) -> u32 {
        u32::from(c)
    }
    for c in 'A'..='E' {
        letter(c);
    }
    assert_eq!(letter('A'), 65);
    letter('F');
    let kept: String = ('A'..='F').filter(|&c| letter::cache_contains(c)).collect();
    assert_eq!(kept, "ACDEF");
    assert_eq!(four(letter::cache_info()), (1, 6, Some(5), 5));
}

#[test]
fn neither_peek_nor_contains_nor_ttl_saves_an_entry() {
    #[lru_cache(maxsize = 2)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    double(1);
    double(2);
    assert_eq!(double::cache_peek(1), Some(2));
    assert!(double::cache_contains(1));
    assert!(double::cache_ttl(1).is_some());
    double(3);
    assert!(!double::cache_contains(1));
    assert!(double::cache_contains(2));
}

#[test]
fn maxsize_two_counts_as_python_does() {
    #[lru_cache(maxsize = 2)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in [7, 9, 7, 9, 7, 9, 8, 8, 8, 9, 9, 9, 8, 8, 8, 7] {
        assert_eq!(double(n), n * 2);
    }
    assert_eq!(four(double::cache_info()), (12, 4, Some(2), 2));
}

#[test]
fn maxsize_one_keeps_the_last_call() {
    #[lru_cache(maxsize = 1)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for _ in 0..5 {
        assert_eq!(double(4), 8);
    }
    assert_eq!(four(double::cache_info()), (4, 1, Some(1), 1));
    assert_eq!(double(5), 10);
    assert!(!double::cache_contains(4));
    assert_eq!(four(double::cache_info()), (4, 2, Some(1), 1));
}

#[test]
fn maxsize_zero_stores_nothing_and_counts_misses() {
    #[lru_cache(maxsize = 0)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for _ in 0..5 {
        assert_eq!(double(4), 8);
    }
    assert_eq!(four(double::cache_info()), (0, 5, Some(0), 0));
    assert_eq!(double::cache_info().evictions, 0);
    double::cache_insert(4, 9);
    assert!(!double::cache_contains(4));
}

#[test]
fn without_a_bound_nothing_goes() {
    #[lru_cache(maxsize = None)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in (0..10_000).chain(0..10_000) {
        assert_eq!(double(n), n * 2);
    }
    assert_eq!(four(double::cache_info()), (10_000, 10_000, None, 10_000));
}

#[test]
fn random_calls_agree_with_the_body_and_are_all_counted() {
    #[lru_cache(maxsize = 20)]
    fn combine(a: u32, b: u32) -> u32 {
        a * 3 + b
    }
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..1000 {
        let (a, b) = (random.u32(0..5), random.u32(0..5));
        assert_eq!(combine(a, b), combine::uncached(a, b));
    }
    let info = combine::cache_info();
    assert_eq!(info.hits + info.misses, 1000);
    assert_eq!((info.maxsize, info.currsize), (Some(20), 20));
    assert_eq!(info.evictions, info.misses - 20);
    assert!(info.hits > 0 && info.misses > 20);
}

/// A model that is too simple to be wrong.
struct Model {
    maxsize: usize,
    order: Vec<u32>,
    hits: u64,
    misses: u64,
}

impl Model {
    fn call(&mut self, n: u32) {
        if let Some(at) = self.order.iter().position(|&key| key == n) {
            self.order.remove(at);
            self.hits += 1;
        } else {
            self.misses += 1;
            if self.order.len() == self.maxsize {
                self.order.remove(0);
            }
        }
        self.order.push(n);
    }
}

#[test]
fn ten_thousand_random_calls_evict_what_a_list_would() {
    #[lru_cache(maxsize = 13)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let mut model = Model {
        maxsize: 13,
        order: Vec::new(),
        hits: 0,
        misses: 0,
    };
    let mut random = fastrand::Rng::with_seed(13);
    for _ in 0..10_000 {
        let n = random.u32(0..30);
        model.call(n);
        assert_eq!(double(n), n * 2);
        let order: Vec<u32> = double::cache()
            .entries()
            .into_iter()
            .map(|((n,), _)| n)
            .collect();
        assert_eq!(order, model.order);
    }
    assert_eq!(
        four(double::cache_info()),
        (model.hits, model.misses, Some(13), 13)
    );
}

#[test]
fn maxsize_may_be_any_usize_expression() {
    const SIZE: usize = 3;
    fn computed() -> usize {
        2 + 2
    }
    #[lru_cache(maxsize = SIZE * 2)]
    fn constant(n: u32) -> u32 {
        n
    }
    #[lru_cache(maxsize = computed())]
    fn called(n: u32) -> u32 {
        n
    }
    for n in 0..10 {
        constant(n);
        called(n);
    }
    assert_eq!(four(constant::cache_info()), (0, 10, Some(6), 6));
    assert_eq!(four(called::cache_info()), (0, 10, Some(4), 4));
}
