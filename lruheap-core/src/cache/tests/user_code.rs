//! Keys and values whose code panics, is slow, or calls the same cache.

use super::*;

/// The moments at which a cache runs code of the user's.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Hash,
    Eq,
    Clone,
    Drop,
    Compute,
}

type Hook = Rc<dyn Fn(Moment)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
    static ALIVE: Cell<usize> = const { Cell::new(0) };
}

/// Runs the hook, which hears nothing while it runs and nothing after a panic.
fn happens(moment: Moment) {
    if let Some(hook) = HOOK.take() {
        hook(moment);
        HOOK.set(Some(hook));
    }
}

/// A key or value that tells the hook of whatever is done to it.
struct Nosy(u32);

impl Nosy {
    fn new(number: u32) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Nosy(number)
    }
}

impl Hash for Nosy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        happens(Moment::Hash);
        state.write_u32(self.0 % 2);
    }
}

impl PartialEq for Nosy {
    fn eq(&self, other: &Self) -> bool {
        happens(Moment::Eq);
        self.0 == other.0
    }
}

impl Eq for Nosy {}

impl Clone for Nosy {
    fn clone(&self) -> Self {
        happens(Moment::Clone);
        Nosy::new(self.0)
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        // Whoever panics while unwinding is on their own.
        if !thread::panicking() {
            happens(Moment::Drop);
        }
    }
}

type NosyCache = Cache<Nosy, Nosy>;

/// Something done to a cache, and what to call it.
type Operation = (&'static str, fn(&NosyCache));

fn compute(number: u32) -> impl FnOnce() -> Nosy {
    move || {
        happens(Moment::Compute);
        Nosy::new(number)
    }
}

/// A full cache: 1 and 2 are live, 3 and 5 have expired.
fn nosy_cache() -> NosyCache {
    let time = Time::default();
    let cache: NosyCache = time.builder().maxsize(4).build();
    for key in [1, 2] {
        cache.insert(Nosy::new(key), Nosy::new(key * 10));
    }
    for key in [3, 5] {
        cache.insert_with_ttl(Nosy::new(key), Nosy::new(key * 10), nanoseconds(1));
    }
    time.advance(1);
    cache
}

/// Every operation, on every kind of key. What is handed in or out is made and
/// dropped by the cache's user, so those moments are in here as well.
const OPERATIONS: &[Operation] = &[
    ("get a live one", |cache| drop(cache.get(&Nosy::new(1)))),
    ("get an expired one", |cache| drop(cache.get(&Nosy::new(3)))),
    ("get an absent one", |cache| drop(cache.get(&Nosy::new(7)))),
    ("peek", |cache| drop(cache.peek(&Nosy::new(1)))),
    ("contains", |cache| {
        _ = cache.contains(&Nosy::new(1));
    }),
    ("insert", |cache| cache.insert(Nosy::new(7), Nosy::new(70))),
    ("insert, no room", |cache| {
        cache.resize(2);
        cache.insert(Nosy::new(7), Nosy::new(70));
    }),
    ("insert, no bound but zero", |cache| {
        cache.resize(0);
        cache.insert(Nosy::new(7), Nosy::new(70));
    }),
    ("insert for a live one", |cache| {
        cache.insert(Nosy::new(1), Nosy::new(11));
    }),
    ("insert for an expired one", |cache| {
        cache.insert(Nosy::new(3), Nosy::new(31));
    }),
    ("remove a live one", |cache| {
        drop(cache.remove(&Nosy::new(1)));
    }),
    ("remove an expired one", |cache| {
        drop(cache.remove(&Nosy::new(3)));
    }),
    ("clear", |cache| cache.clear()),
    ("purge", |cache| {
        _ = cache.purge();
    }),
    ("resize", |cache| cache.resize(1)),
    ("info", |cache| {
        _ = cache.info();
    }),
    ("entries", |cache| drop(cache.entries())),
    ("least recent", |cache| drop(cache.least_recent())),
    ("call, a hit", |cache| {
        drop(cache.get_or_insert_with(&Nosy::new(1), compute(11)));
    }),
    ("call, a miss", |cache| {
        drop(cache.get_or_insert_with(&Nosy::new(7), compute(70)));
    }),
    ("call, expired", |cache| {
        drop(cache.get_or_insert_with(&Nosy::new(3), compute(31)));
    }),
    ("call, failing", |cache| {
        drop(cache.try_get_or_insert_with(&Nosy::new(7), || Err(compute(70)())));
    }),
    ("call, cleared meanwhile", |cache| {
        drop(cache.get_or_insert_with(&Nosy::new(7), || {
            cache.clear();
            compute(70)()
        }));
    }),
    ("call, nested", |cache| {
        drop(cache.get_or_insert_with(&Nosy::new(7), || {
            drop(cache.get_or_insert_with(&Nosy::new(7), compute(71)));
            compute(70)()
        }));
    }),
];

/// Runs every operation once for each moment in it, with `act` at that moment;
/// afterwards the cache is whole, usable, and leaks nothing.
fn at_every_moment(act: impl Fn(&NosyCache, Moment) + Clone + 'static) {
    for (name, operation) in OPERATIONS {
        let mut moments = 0;
        for at in 0.. {
            let cache = nosy_cache();
            let heard = Rc::new(RefCell::new(Vec::new()));
            let (log, inside, act) = (Rc::clone(&heard), cache.clone(), act.clone());
            HOOK.set(Some(Rc::new(move |moment| {
                let before = log
                    .replace_with(|heard| [&heard[..], &[moment]].concat())
                    .len();
                if before == at {
                    act(&inside, moment);
                }
            })));
            let outcome = catch_unwind(AssertUnwindSafe(|| operation(&cache)));
            drop(HOOK.take());
            let heard = heard.take();
            if heard.len() <= at {
                assert!(outcome.is_ok(), "{name} fails by itself");
                break;
            }
            moments += 1;
            let context = format!("{name}: {at} of {heard:?}");

            validate(&cache);
            assert_eq!(under_way(&cache), 0, "{context}: a computation never ends");
            assert!(cache.len() <= 4, "{context}: the bound is exceeded");
            cache.resize(4);
            cache.insert(Nosy::new(9), Nosy::new(90));
            let value = cache.get_or_insert_with(&Nosy::new(9), || unreachable!("{context}"));
            assert_eq!(value.0, 90, "{context}");
            assert_eq!(
                cache.remove(&Nosy::new(9)).map(|value| value.0),
                Some(90),
                "{context}"
            );
            validate(&cache);
            drop((value, cache));
            // Rust itself may leak what a function was about to return.
            let excused = outcome.is_err() && heard[at] == Moment::Drop;
            assert!(
                ALIVE.replace(0) == 0 || excused,
                "{context}: something leaks"
            );
        }
        assert!(moments > 0, "{name}: nothing happens");
    }
}

#[test]
fn a_panic_in_user_code_leaves_the_cache_usable() {
    // Not by `panic!`: it would write hundreds of messages.
    at_every_moment(|_, moment| resume_unwind(Box::new(format!("{moment:?}"))));
}

#[test]
fn user_code_may_read_the_cache_that_runs_it() {
    in_time(|| {
        at_every_moment(|cache, _| {
            assert!(cache.len() <= 4);
            assert_eq!(cache.info().currsize, cache.entries().len());
            for key in 0..8 {
                let key = Nosy::new(key);
                assert_eq!(cache.peek(&key).is_some(), cache.contains(&key));
                drop(cache.get(&key));
            }
            drop(cache.least_recent());
        });
    });
}

#[test]
fn user_code_may_change_the_cache_that_runs_it() {
    let changes: [fn(&NosyCache); 6] = [
        NosyCache::clear,
        |cache| cache.resize(1),
        |cache| cache.insert(Nosy::new(1), Nosy::new(12)),
        |cache| cache.insert(Nosy::new(7), Nosy::new(72)),
        |cache| drop(cache.get_or_insert_with(&Nosy::new(7), || Nosy::new(73))),
        |cache| {
            for key in [1, 2, 3, 7] {
                drop(cache.remove(&Nosy::new(key)));
            }
        },
    ];
    in_time(move || {
        for change in changes {
            at_every_moment(move |cache, _| change(cache));
        }
    });
}

#[test]
fn user_code_may_call_the_cache_every_time_it_runs() {
    in_time(|| {
        for (name, operation) in OPERATIONS {
            let cache = nosy_cache();
            let inside = cache.clone();
            HOOK.set(Some(Rc::new(move |_| {
                drop(inside.get_or_insert_with(&Nosy::new(7), || Nosy::new(70)));
                drop(inside.entries());
            })));
            operation(&cache);
            drop(HOOK.take());
            validate(&cache);
            assert_eq!(under_way(&cache), 0, "{name}");
            drop(cache);
            assert_eq!(ALIVE.get(), 0, "{name}: something leaks");
        }
    });
}
