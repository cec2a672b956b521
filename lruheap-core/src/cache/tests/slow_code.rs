//! Keys and values whose code takes its time: nobody else waits for it, whether the gate
//! is open for readers or not.

use std::sync::{Barrier, Mutex};

use super::*;

/// What is slow.
#[derive(Clone, Copy, PartialEq)]
enum Code {
    Hash,
    Eq,
    Clone,
    Drop,
}

/// Where a thread is kept in the middle of it: once, when that has been asked for.
struct Slow {
    code: Mutex<Option<Code>>,
    begun: Barrier,
    may_end: Barrier,
}

impl Slow {
    fn new() -> Arc<Self> {
        Arc::new(Slow {
            code: Mutex::new(None),
            begun: Barrier::new(2),
            may_end: Barrier::new(2),
        })
    }

    fn at(&self, code: Code) {
        let is_it = |next: &mut Code| *next == code;
        let taken = self.code.lock().expect("nothing panics").take_if(is_it);
        if taken.is_some() {
            self.begun.wait();
            self.may_end.wait();
        }
    }

    fn expect(&self, code: Code) {
        *self.code.lock().expect("nothing panics") = Some(code);
    }
}

struct Slowly(u32, Arc<Slow>);

impl Hash for Slowly {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.1.at(Code::Hash);
        state.write_u32(0);
    }
}

impl PartialEq for Slowly {
    fn eq(&self, other: &Self) -> bool {
        self.1.at(Code::Eq);
        self.0 == other.0
    }
}

impl Eq for Slowly {}

impl Clone for Slowly {
    fn clone(&self) -> Self {
        self.1.at(Code::Clone);
        Slowly(self.0, Arc::clone(&self.1))
    }
}

impl Drop for Slowly {
    fn drop(&mut self) {
        self.1.at(Code::Drop);
    }
}

/// Has one thread do `slow`, and this one the rest while that is in the middle of `code`.
fn beside(code: Code, state: &Slow, slow: impl FnOnce() + Send, rest: impl FnOnce()) {
    thread::scope(|scope| {
        state.expect(code);
        scope.spawn(slow);
        state.begun.wait();
        rest();
        state.may_end.wait();
    });
}

/// Keys that the cache compares by itself, so that hits pass by the lock.
fn values_in(open: bool) -> (Arc<Slow>, Cache<u32, Slowly>) {
    let slow = Slow::new();
    let cache = Cache::builder().maxsize(4).build();
    for key in [1, 2] {
        cache.insert(key, Slowly(key, Arc::clone(&slow)));
    }
    let hits = if open { 200 } else { 1 };
    for _ in 0..hits {
        assert_eq!(call(&cache, 1), 1);
    }
    assert_eq!(cache.engine.gate.is_open(), open);
    (slow, cache)
}

fn call(cache: &Cache<u32, Slowly>, key: u32) -> u32 {
    cache.get_or_insert_with(&key, || unreachable!()).0
}

/// All that others may do.
fn use_all(cache: &Cache<u32, Slowly>, slow: &Arc<Slow>) {
    let reads = || {
        assert_eq!(call(cache, 1), 1);
        assert_eq!(call(cache, 2), 2);
    };
    thread::scope(|scope| scope.spawn(reads).join().expect("it does not panic"));
    cache.insert(3, Slowly(3, Arc::clone(slow)));
    cache.insert(1, Slowly(1, Arc::clone(slow)));
    reads();
    assert!(cache.remove(&3).is_some_and(|value| value.0 == 3));
    cache.resize(5);
    assert_eq!(cache.info().currsize, 2);
    assert_eq!(cache.purge(), 0);
    for _ in 0..200 {
        reads();
    }
    assert!(cache.engine.gate.is_open());
}

#[test]
fn who_clones_a_value_keeps_nobody_waiting() {
    in_time(|| {
        for open in [false, true] {
            let (slow, cache) = values_in(open);
            let clones = || assert_eq!(call(&cache, 1), 1);
            beside(Code::Clone, &slow, clones, || use_all(&cache, &slow));
            validate(&cache);
        }
    });
}

#[test]
fn who_drops_a_value_keeps_nobody_waiting() {
    in_time(|| {
        for open in [false, true] {
            let (slow, cache) = values_in(open);
            let replaces = || cache.insert(1, Slowly(1, Arc::clone(&slow)));
            beside(Code::Drop, &slow, replaces, || use_all(&cache, &slow));
            validate(&cache);
        }
    });
}

#[test]
fn who_hashes_or_compares_a_key_keeps_nobody_waiting() {
    in_time(|| {
        for code in [Code::Hash, Code::Eq, Code::Clone] {
            let slow = Slow::new();
            let key = |key| Slowly(key, Arc::clone(&slow));
            let cache: Cache<Slowly, u32> = Cache::builder().maxsize(4).build();
            cache.insert(key(1), 10);
            cache.insert(key(2), 20);
            let call = |number| cache.get_or_insert_with(&key(number), || number * 10);
            // A new key is cloned, and all have one hash.
            let calls = || assert_eq!(call(7), 70);
            beside(code, &slow, calls, || {
                assert_eq!((call(1), call(2), call(3)), (10, 20, 30));
                cache.insert(key(1), 11);
                assert_eq!(cache.remove(&key(2)), Some(20));
                assert_eq!(cache.get(&key(1)), Some(11));
                cache.resize(8);
            });
            assert_eq!(cache.len(), 3, "1, 3 and 7");
            validate(&cache);
        }
    });
}
