//! What instances with memoized methods cost in memory, counted for each thread by
//! an allocator of the test's own, and that it all goes with them.

mod common;
#[path = "common/counting.rs"]
mod counting;

use std::sync::Arc;

use common::watchdog;
use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

/// What `run` returns, by how many bytes this thread then holds more, and how
/// often it allocated.
fn measure<R>(run: impl FnOnce() -> R) -> (R, isize, u64) {
    let before = (counting::bytes(), counting::allocations());
    let result = run();
    (
        result,
        counting::bytes() - before.0,
        counting::allocations() - before.1,
    )
}

/// Each test has a type of its own, and with that a table.
#[derive(CacheHost, Default)]
struct Host<const TEST: usize> {
    token: Arc<()>,
    caches: InstanceCaches,
}

impl<const TEST: usize> Host<TEST> {
    #[lru_cache]
    fn number(&self, n: u64) -> u64 {
        n + Arc::strong_count(&self.token) as u64
    }

    #[lru_cache]
    fn text(&self, text: &str, bytes: &[u8]) -> usize {
        text.len() + bytes.len() + Arc::strong_count(&self.token)
    }

    #[lru_cache]
    fn kept(&self, _n: u64) -> Arc<()> {
        Arc::clone(&self.token)
    }

    #[lru_cache]
    fn big(&self, n: u64) -> Vec<u64> {
        vec![n + Arc::strong_count(&self.token) as u64; 100]
    }

    #[lru_cache]
    fn fails(&self) -> Result<u64, ()> {
        if Arc::strong_count(&self.token) == 0 {
            Ok(1)
        } else {
            Err(())
        }
    }

    #[cache_invalidate]
    fn change(&mut self) {}
}

/// The values that live beside the host and the test's own token.
fn live(token: &Arc<()>) -> usize {
    Arc::strong_count(token) - 1
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| Box::new(1_u64)).1, 8);
    assert_eq!(measure(|| drop(Box::new(1_u64))), ((), 0, 1));
    let mut vec = vec![1_u8; 100];
    assert_eq!(measure(|| vec.reserve_exact(100)).1, 100);
}

#[test]
fn a_million_instances_leave_memory_flat() {
    let _watchdog = watchdog();
    let token = Arc::new(());
    let run = |count: u64| {
        for n in 0..count {
            let host = Host::<0> {
                token: Arc::clone(&token),
                caches: InstanceCaches::new(),
            };
            assert_eq!(host.number(n), host.number(n));
        }
    };
    run(100);
    let before = counting::bytes();
    for _ in 0..10 {
        run(100_000);
        assert_eq!(counting::bytes(), before);
    }
    assert_eq!(Host::<0>::number_caches().instances(), 0);
}

#[test]
fn each_drop_frees_at_once() {
    let neighbour = Host::<1>::default();
    let _ = (
        neighbour.big(1),
        neighbour.kept(1),
        neighbour.text("a", &[]),
    );
    let warm_up = Host::<1>::default();
    let _ = (warm_up.big(1), warm_up.kept(1), warm_up.text("a", &[]));
    drop(warm_up);
    for n in 0..100 {
        let token = Arc::new(());
        let ((), grown, _) = measure(|| {
            let host = Host::<1> {
                token: Arc::clone(&token),
                caches: InstanceCaches::new(),
            };
            (0..10).for_each(|n| drop((host.big(n), host.kept(n), host.text("abc", &[1]))));
            assert_eq!(live(&token), 1 + 10);
        });
        assert_eq!((grown, live(&token)), (0, 0), "{n}");
    }
    assert_eq!(neighbour.big_cache().cache_info().currsize, 1);
}

#[test]
fn an_empty_host_costs_a_pointer() {
    #[derive(CacheHost)]
    struct Pair(u64, InstanceCaches);
    impl Pair {
        #[lru_cache]
        fn number(&self, n: u64) -> u64 {
            self.0 + n
        }
    }
    assert_eq!(size_of::<Pair>(), size_of::<(u64, usize)>());
    let (pair, bytes, allocations) = measure(|| {
        let pair = Pair(1, InstanceCaches::new());
        let copy = Pair(pair.0, pair.1.clone());
        let _handle = copy.number_cache();
        assert_eq!(copy.number_uncached(1), 2);
        copy.1.clear();
        pair
    });
    assert_eq!((bytes, allocations), (0, 0));
    assert_eq!((pair.number(2), pair.number_uncached(2)), (3, 3));
}

/// What one of a thousand instances costs after `call`, with its share of the table.
fn cost<const TEST: usize>(call: impl Fn(&Host<TEST>)) -> isize {
    let mut hosts: Vec<Host<TEST>> = (0..1000).map(|_| Host::default()).collect();
    let ((), bytes, _) = measure(|| hosts.iter().for_each(&call));
    // And all of it goes: but for the table, which may be kept for the next.
    let ((), again, _) = measure(|| {
        for host in &mut hosts {
            host.caches = InstanceCaches::new();
        }
    });
    assert!(bytes + again < 16 * 1024, "{bytes} {again}");
    bytes / 1000
}

#[test]
fn an_instance_without_entries_costs_at_most_256_bytes() {
    let costs = [
        cost::<2>(|host| {
            host.number_cache().cache_info();
        }),
        cost::<3>(|host| assert!(host.fails().is_err())),
        cost::<4>(|host| {
            host.number(1);
            host.number_cache().cache_clear();
        }),
        cost::<5>(|host| {
            host.number(1);
            host.caches.clear();
        }),
        cost::<6>(|host| {
            host.number_cache().cache_remove((1,));
        }),
        cost::<12>(|host| {
            host.number(1);
            host.number_cache().cache_remove((1,));
        }),
    ];
    assert!(costs.iter().all(|&cost| cost <= 256), "{costs:?}");
}

#[test]
fn an_invalidation_before_any_call_costs_a_link() {
    let mut hosts: Vec<Host<7>> = (0..1000).map(|_| Host::default()).collect();
    let ((), bytes, _) = measure(|| hosts.iter_mut().for_each(Host::change));
    // The documentation of `cache_invalidate` gives the figure.
    assert_eq!(bytes, 56 * 1000);
    // Again it costs nothing.
    let ((), bytes, allocations) = measure(|| hosts.iter_mut().for_each(Host::change));
    assert_eq!((bytes, allocations), (0, 0));
}

#[test]
fn hits_allocate_nothing() {
    let host = Host::<8>::default();
    let (text, bytes) = (String::from("a"), vec![1, 2]);
    let expected = (host.number(1), host.text(&text, &bytes), host.kept(1));
    let ((), _, allocations) = measure(|| {
        for _ in 0..100 {
            assert_eq!(host.number(1), expected.0);
            assert_eq!(host.text(&text, &bytes), expected.1);
            assert!(Arc::ptr_eq(&host.kept(1), &expected.2));
            assert!(host.text_cache().cache_contains((&text, &bytes)));
        }
    });
    assert_eq!(allocations, 0);
    assert_eq!(host.number_cache().cache_info().hits, 100);
}

#[test]
fn hits_through_an_arc_allocate_nothing() {
    struct User(String);
    impl User {
        #[lru_cache]
        fn length(self: &Arc<Self>, text: &str) -> usize {
            self.0.len() + text.len()
        }
        #[lru_cache]
        fn by_value(self: Arc<Self>, n: u64) -> u64 {
            self.0.len() as u64 + n
        }
    }
    let user = Arc::new(User("Ada".into()));
    let text = String::from("a");
    let _ = (user.length(&text), Arc::clone(&user).by_value(1));
    let ((), _, allocations) = measure(|| {
        for _ in 0..100 {
            assert_eq!((user.length(&text), Arc::clone(&user).by_value(1)), (4, 4));
        }
    });
    assert_eq!(allocations, 0);
}

#[test]
fn the_handle_of_all_instances_keeps_no_values() {
    let all = Host::<9>::kept_caches();
    let token = Arc::new(());
    let host = Host::<9> {
        token: Arc::clone(&token),
        caches: InstanceCaches::new(),
    };
    (0..10).for_each(|n| drop(host.kept(n)));
    assert_eq!(
        (all.instances(), all.cache_info().currsize, live(&token)),
        (1, 10, 11)
    );
    drop(host);
    assert_eq!(
        (live(&token), all.instances(), all.cache_info().currsize),
        (0, 0, 0)
    );
}

#[test]
fn one_instance_s_values_go_while_another_lives() {
    let (first, second) = (Host::<10>::default(), Host::<10>::default());
    let tokens = [Arc::clone(&first.token), Arc::clone(&second.token)];
    (0..3).for_each(|n| drop((first.kept(n), second.kept(n))));
    drop(first);
    assert_eq!((live(&tokens[0]), live(&tokens[1])), (0, 4));
    assert_eq!(Host::<10>::kept_caches().instances(), 1);
}

#[test]
fn a_crowd_gives_its_memory_back() {
    let before = counting::bytes();
    let crowd: Vec<Host<11>> = (0..10_000).map(|_| Host::default()).collect();
    for host in &crowd {
        assert_eq!(host.number(1), 2);
    }
    assert_eq!(Host::<11>::number_caches().instances(), 10_000);
    drop(crowd);
    let left = counting::bytes() - before;
    assert!(left < 8 * 1024, "{left}");
}

#[test]
fn one_survivor_of_a_crowd_keeps_little() {
    let before = counting::bytes();
    let mut crowd: Vec<Host<13>> = (0..10_000).map(|_| Host::default()).collect();
    for host in &crowd {
        assert_eq!(host.number(1), 2);
    }
    crowd.drain(1..5_000); // the survivor is not the last one, nor are they in order
    crowd.truncate(1);
    crowd.shrink_to_fit();
    let left = counting::bytes() - before;
    assert!(left < 8 * 1024, "{left}");
    assert_eq!(Host::<13>::number_caches().cache_info().currsize, 1);
    assert_eq!(crowd[0].number_cache().cache_info().misses, 1);
}
