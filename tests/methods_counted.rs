//! Memoized methods of instances in `Arc` and `Rc`: nothing keeps an instance alive,
//! what was kept for one goes after it, and no other sees it.

mod common;
#[path = "common/counting.rs"]
mod counting;

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::{Arc, Barrier};
use std::thread;

use common::{four, watchdog};
use lruheap::lru_cache;

/// Its values hold a token, so that its count tells how many live. Each test has
/// a type of its own, and with that a table.
#[derive(Clone)]
struct Session<const TEST: usize> {
    id: u64,
    token: Arc<()>,
}

type Kept = (u64, Arc<()>);

impl<const TEST: usize> Session<TEST> {
    fn new(id: u64) -> Self {
        Session {
            id,
            token: Arc::new(()),
        }
    }

    #[lru_cache(maxsize = 8)]
    fn by_value(self: Arc<Self>, n: u64) -> Kept {
        (self.id + n, Arc::clone(&self.token))
    }

    #[lru_cache]
    fn by_reference(self: &Arc<Self>, name: &str) -> Kept {
        (self.id + name.len() as u64, Arc::clone(&self.token))
    }

    #[lru_cache]
    fn local(self: Rc<Self>, n: u64) -> Rc<Kept> {
        Rc::new((self.id + n, Arc::clone(&self.token)))
    }

    #[lru_cache]
    fn local_by_reference(self: &Rc<Self>) -> Rc<Kept> {
        Rc::new((self.id, Arc::clone(&self.token)))
    }
}

#[test]
fn calls_leave_the_strong_count_alone() {
    let arc = Arc::new(Session::<0>::new(10));
    for _ in 0..3 {
        assert_eq!(Arc::clone(&arc).by_value(1).0, 11);
        assert_eq!(arc.by_reference("abc").0, 13);
        assert_eq!(Arc::strong_count(&arc), 1);
    }
    assert_eq!(four(arc.by_value_cache().cache_info()), (2, 1, Some(8), 1));
    assert_eq!(arc.by_reference_cache().cache_peek(("abc",)).unwrap().0, 13);
    assert_eq!(arc.by_value_cache().cache_refresh((1,)).0, 11);
    assert_eq!(Arc::clone(&arc).by_value_uncached(2).0, 12);
    assert_eq!(
        arc.by_reference_cache().cache_remove(("abc",)).unwrap().0,
        13
    );
    assert_eq!(Arc::strong_count(&arc), 1);
    assert_eq!(Session::<0>::by_value_caches().instances(), 1);

    let rc = Rc::new(Session::<0>::new(20));
    for _ in 0..3 {
        assert_eq!(Rc::clone(&rc).local(1).0, 21);
        assert_eq!(rc.local_by_reference().0, 20);
        assert_eq!(Rc::strong_count(&rc), 1);
    }
    assert_eq!(four(rc.local_cache().cache_info()), (2, 1, Some(128), 1));
}

#[test]
fn clones_of_one_pointer_are_one_instance() {
    let arc = Arc::new(Session::<1>::new(0));
    let other = Arc::new(Session::<1>::new(0));
    let same = Arc::clone(&arc);
    let _ = (
        arc.by_reference("a"),
        same.by_reference("a"),
        other.by_reference("a"),
    );
    assert_eq!(
        four(arc.by_reference_cache().cache_info()),
        (1, 1, Some(128), 1)
    );
    assert_eq!(
        four(other.by_reference_cache().cache_info()),
        (0, 1, Some(128), 1)
    );
    assert_eq!(Session::<1>::by_reference_caches().instances(), 2);
}

#[test]
fn the_next_call_frees_what_was_kept_for_the_dead() {
    let dead = Arc::new(Session::<2>::new(1));
    let token = Arc::clone(&dead.token);
    (0..5).for_each(|n| drop(Arc::clone(&dead).by_value(n)));
    assert_eq!(Arc::strong_count(&token), 2 + 5);
    drop(dead);
    assert_eq!(Session::<2>::by_value_caches().instances(), 0);
    Arc::new(Session::<2>::new(2)).by_value(0);
    assert_eq!(Arc::strong_count(&token), 1);

    let dead = Rc::new(Session::<2>::new(1));
    let token = Arc::clone(&dead.token);
    dead.local_by_reference();
    assert_eq!(Arc::strong_count(&token), 2 + 1);
    drop(dead);
    Rc::new(Session::<2>::new(2)).local_by_reference();
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn a_hit_frees_as_well() {
    let (dead, alive) = (
        Arc::new(Session::<3>::new(1)),
        Arc::new(Session::<3>::new(2)),
    );
    let token = Arc::clone(&dead.token);
    let _ = (dead.by_reference(""), alive.by_reference(""));
    drop(dead);
    assert_eq!(alive.by_reference("").0, 2);
    assert_eq!(Arc::strong_count(&token), 1);
    assert_eq!(alive.by_reference_cache().cache_info().hits, 1);
}

#[test]
fn purge_frees_what_was_kept_for_the_dead() {
    let arc = Arc::new(Session::<4>::new(1));
    let rc = Rc::new(Session::<4>::new(1));
    let (shared, local) = (Arc::clone(&arc.token), Arc::clone(&rc.token));
    let _ = (
        arc.by_reference("a"),
        arc.by_reference("b"),
        Rc::clone(&rc).local(1),
    );
    drop((arc, rc));
    assert!(lruheap::purge() >= 3);
    assert_eq!(
        (Arc::strong_count(&shared), Arc::strong_count(&local)),
        (1, 1)
    );

    let arc = Arc::new(Session::<4>::new(1));
    let token = Arc::clone(&arc.token);
    arc.by_reference("a");
    drop(arc);
    assert_eq!(Session::<4>::by_reference_caches().cache_purge(), 1);
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn a_new_instance_at_the_same_address_starts_anew() {
    let mut addresses = HashSet::new();
    let mut local_addresses = HashSet::new();
    for id in 0..1000 {
        let arc = Arc::new(Session::<5>::new(id));
        addresses.insert(Arc::as_ptr(&arc).addr());
        assert_eq!(arc.by_reference("").0, id);
        assert_eq!(arc.by_reference_cache().cache_info().misses, 1);
        let rc = Rc::new(Session::<5>::new(id));
        local_addresses.insert(Rc::as_ptr(&rc).addr());
        assert_eq!(Rc::clone(&rc).local(0).0, id);
        assert_eq!(rc.local_cache().cache_info().misses, 1);
    }
    // They did come again, or this test would have shown nothing.
    assert!(addresses.len() < 1000, "{}", addresses.len());
    assert!(local_addresses.len() < 1000, "{}", local_addresses.len());
}

#[test]
fn a_new_instance_where_an_old_one_was_purged_starts_anew() {
    let mut addresses = HashSet::new();
    for id in 0..100 {
        let arc = Arc::new(Session::<6>::new(id));
        addresses.insert(Arc::as_ptr(&arc).addr());
        assert_eq!(Arc::clone(&arc).by_value(0).0, id);
        drop(arc);
        Session::<6>::by_value_caches().cache_purge();
    }
    assert!(addresses.len() < 100);
}

#[test]
fn a_million_short_lived_instances_leave_nothing() {
    struct Short(u64);
    impl Short {
        #[lru_cache]
        fn next(self: &Arc<Self>) -> u64 {
            self.0 + 1
        }
    }
    let _watchdog = watchdog();
    let run = |ids: std::ops::Range<u64>| {
        for id in ids {
            assert_eq!(Arc::new(Short(id)).next(), id + 1);
        }
    };
    run(0..1000);
    let before = counting::bytes();
    run(0..1_000_000);
    let grown = counting::bytes() - before;
    assert!(grown.abs() < 4096, "{grown}");
    assert_eq!(Short::next_caches().instances(), 0);
}

#[test]
fn many_live_instances() {
    let _watchdog = watchdog();
    let before = counting::bytes();
    let sessions: Vec<_> = (0..10_000)
        .map(|id| Arc::new(Session::<7>::new(id)))
        .collect();
    for _ in 0..2 {
        for (id, session) in (0..).zip(&sessions) {
            assert_eq!(session.by_reference("ab").0, id + 2);
        }
    }
    let all = Session::<7>::by_reference_caches();
    assert_eq!(
        (all.instances(), four(all.cache_info())),
        (10_000, (10_000, 10_000, Some(128), 10_000))
    );
    // Every other one dies: the rest keep what they have.
    let (alive, dead): (Vec<_>, Vec<_>) = sessions
        .into_iter()
        .partition(|session| session.id % 2 == 0);
    drop(dead);
    assert_eq!((all.instances(), all.cache_info().currsize), (5_000, 5_000));
    assert_eq!(all.cache_purge(), 5_000);
    for session in &alive {
        assert_eq!(session.by_reference("ab").0, session.id + 2);
    }
    assert_eq!(all.cache_info().misses, 5_000);
    drop(alive);
    all.cache_purge();
    let left = counting::bytes() - before;
    assert!(left < 16 * 1024, "{left}");
}

#[test]
fn threads_share_an_instance() {
    let _watchdog = watchdog();
    let arc = Arc::new(Session::<8>::new(1));
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                for n in 0..800 {
                    assert_eq!(Arc::clone(&arc).by_value(n % 8).0, 1 + n % 8);
                    // One of its own, which dies at once, while others look after it.
                    assert_eq!(Arc::new(Session::<8>::new(n)).by_value(1).0, n + 1);
                }
            });
        }
    });
    let info = arc.by_value_cache().cache_info();
    assert_eq!((info.hits + info.misses, info.currsize), (3200, 8));
    assert_eq!(Arc::strong_count(&arc), 1);
    assert_eq!(Session::<8>::by_value_caches().instances(), 1);
    Session::<8>::by_value_caches().cache_purge();
    assert_eq!(Arc::strong_count(&arc.token), 1 + 8);
}

#[test]
fn make_mut_makes_a_new_instance() {
    let mut arc = Arc::new(Session::<9>::new(1));
    assert_eq!(arc.by_reference("").0, 1);
    assert!(Arc::get_mut(&mut arc).is_none()); // a `Weak` is there, as documented
    Arc::make_mut(&mut arc).id = 5;
    assert_eq!(arc.by_reference("").0, 5);
    assert_eq!(
        four(arc.by_reference_cache().cache_info()),
        (0, 1, Some(128), 1)
    );
    assert_eq!(Session::<9>::by_reference_caches().instances(), 1);
}

#[test]
fn each_thread_keeps_its_own_for_rc() {
    let rc = Rc::new(Session::<10>::new(1));
    rc.local_by_reference();
    let token = Arc::new(());
    let theirs = Arc::clone(&token);
    thread::spawn(move || {
        assert_eq!(Session::<10>::local_by_reference_caches().instances(), 0);
        let rc = Rc::new(Session::<10> {
            id: 2,
            token: theirs,
        });
        assert_eq!(rc.local_by_reference().0, 2);
        assert_eq!(Session::<10>::local_by_reference_caches().instances(), 1);
    })
    .join()
    .unwrap();
    assert_eq!(Arc::strong_count(&token), 1); // gone with the thread
    assert_eq!(rc.local_by_reference_cache().cache_info().misses, 1);
    assert_eq!(rc.local_by_reference().0, 1);
}
