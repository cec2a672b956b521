//! All kinds of functions: methods, values that stay on their thread, and futures that
//! are `Send`.

use std::cell::Cell;
use std::future::Future;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::common::clock::clock_stands;
use crate::common::tasks::{Task, outputs, pending, poll_each, run, run_to_end};
use crate::common::{YieldNow, block_on, four, watchdog};
use lruheap::{Cache, CacheHost, InstanceCaches, lru_cache};

static OFFSET: Mutex<u32> = Mutex::new(0);

#[derive(CacheHost, Default)]
struct Host {
    id: u32,
    runs: AtomicU32,
    caches: InstanceCaches,
}

impl Host {
    fn new(id: u32) -> Self {
        Host {
            id,
            ..Host::default()
        }
    }

    #[lru_cache]
    async fn own(&self, n: u32) -> u32 {
        YieldNow::default().await;
        self.runs.fetch_add(1, SeqCst);
        self.id + n
    }

    #[lru_cache]
    async fn shared(self: Arc<Self>, text: &str) -> Result<String, u32> {
        let run = self.runs.fetch_add(1, SeqCst);
        YieldNow::default().await;
        if run == 0 {
            return Err(run);
        }
        Ok(format!("{} {text}", self.id))
    }

    #[lru_cache]
    async fn local(self: &Rc<Self>, n: u32) -> Rc<u32> {
        YieldNow::default().await;
        self.runs.fetch_add(1, SeqCst);
        Rc::new(self.id + n)
    }

    #[lru_cache]
    async fn guarded_method(&self, #[key(*OFFSET.lock().unwrap() + n)] n: u32) -> u32 {
        YieldNow::default().await;
        self.id + n
    }

    #[lru_cache]
    async fn by_id(#[key(self.id)] &self, n: u32) -> u32 {
        YieldNow::default().await;
        self.runs.fetch_add(1, SeqCst);
        self.id + n
    }
}

#[test]
fn tasks_share_the_runs_of_methods_on_one_instance() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let (a, b) = (Host::new(10), Host::new(20));
    let calls = |host| (0..4).map(move |_| Task::new(Host::own(host, 1)));
    let values = run_to_end(calls(&a).chain(calls(&b)).collect());
    assert_eq!(values, [11, 11, 11, 11, 21, 21, 21, 21]);
    assert_eq!((a.runs.load(SeqCst), b.runs.load(SeqCst)), (1, 1));
    assert_eq!(four(a.own_cache().cache_info()), (3, 1, Some(128), 1));

    let (a, b) = (Arc::new(Host::new(10)), Arc::new(Host::new(20)));
    b.runs.store(1, SeqCst);
    let calls = |host: &Arc<Host>| {
        let host = Arc::clone(host);
        (0..4).map(move |_| Task::new(Arc::clone(&host).shared("x")))
    };
    let values = run_to_end(calls(&a).chain(calls(&b)).collect());
    assert_eq!(values.iter().filter(|value| value.is_err()).count(), 1);
    assert_eq!(values[4..], ["20 x"; 4].map(|text| Ok(text.to_owned())));
    assert_eq!((a.runs.load(SeqCst), b.runs.load(SeqCst)), (2, 2));
    assert_eq!(four(a.shared_cache().cache_info()), (2, 2, Some(128), 1));
    assert_eq!((Arc::strong_count(&a), Arc::strong_count(&b)), (1, 1));

    let host = Rc::new(Host::new(30));
    let values = run_to_end((0..4).map(|_| Task::new(host.local(1))).collect());
    assert!(values.iter().all(|value| Rc::ptr_eq(value, &values[0])));
    assert_eq!((host.runs.load(SeqCst), Rc::strong_count(&host)), (1, 1));

    let (a, same, b) = (Host::new(40), Host::new(40), Host::new(50));
    let calls = [&a, &same, &b, &same, &a].map(|host| Task::new(host.by_id(1)));
    assert_eq!(run_to_end(calls.into()), [41, 41, 51, 41, 41]);
    assert_eq!(a.runs.load(SeqCst) + same.runs.load(SeqCst), 1);
}

#[test]
fn a_host_that_goes_while_its_tasks_wait_is_gone() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let host = Arc::new(Host::new(10));
    let weak = Arc::downgrade(&host);
    let call = |_| Task::new(Arc::clone(&host).shared("x"));
    let mut tasks: Vec<_> = (0..3).map(call).collect();
    poll_each(&mut tasks);
    drop(host);
    assert!(weak.upgrade().is_some(), "the futures have it");
    tasks[0].cancel();
    run(&mut tasks);
    assert!(outputs(&tasks)[1..].iter().all(Option::is_some));
    drop(tasks);
    assert!(weak.upgrade().is_none());
}

#[test]
fn values_that_stay_on_their_thread_are_shared_there() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache(scope = thread)]
    async fn local(n: u32) -> Rc<Cell<u32>> {
        RUNS.fetch_add(1, SeqCst);
        YieldNow::default().await;
        Rc::new(Cell::new(n))
    }
    let here = || {
        let values = run_to_end((0..8).map(|_| Task::new(local(1))).collect());
        assert!(values.iter().all(|value| Rc::ptr_eq(value, &values[0])));
        assert_eq!(four(local::cache_info()), (7, 1, Some(128), 1));
        local::cache_clear();
        assert_eq!(Rc::strong_count(&values[0]), 8);
    };
    here();
    thread::scope(|scope| {
        scope.spawn(here);
        scope.spawn(here);
    });
    assert_eq!(RUNS.load(SeqCst), 3);

    #[lru_cache(scope = thread)]
    async fn fails_at_first(_n: u32) -> Result<Rc<u32>, Rc<u32>> {
        thread_local! { static RUN: Cell<u32> = const { Cell::new(0) } }
        let run = RUN.replace(RUN.get() + 1);
        YieldNow::default().await;
        if run == 0 {
            Err(Rc::new(run))
        } else {
            Ok(Rc::new(run))
        }
    }
    let mut tasks: Vec<_> = (0..4).map(|_| Task::new(fails_at_first(1))).collect();
    run(&mut tasks);
    assert_eq!(pending(&tasks), 0);
    assert_eq!(four(fails_at_first::cache_info()), (2, 2, Some(128), 1));

    // A leader that is dropped, and a circle.
    #[lru_cache(scope = thread)]
    async fn itself(n: u32, #[key(skip)] depth: u32) -> Rc<u32> {
        YieldNow::default().await;
        if depth == 0 {
            return Rc::new(n);
        }
        Rc::new(*Box::pin(itself(n, depth - 1)).await + 1)
    }
    let mut tasks: Vec<_> = (0..3).map(|_| Task::new(itself(1, 2))).collect();
    poll_each(&mut tasks);
    tasks[0].cancel();
    run(&mut tasks);
    assert_eq!(pending(&tasks), 0);
    assert_eq!(tasks[1].output.as_deref(), Some(&3));
    assert_eq!(
        tasks[2].output.as_deref(),
        Some(&1),
        "what was stored first"
    );
}

#[test]
fn futures_are_send_where_the_body_s_is() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    fn send<F: Future + Send>(future: F) -> F {
        future
    }
    /// What a key holds that threads may not share is gone before anyone waits.
    #[lru_cache]
    async fn guarded(#[key(*OFFSET.lock().unwrap() + n)] n: u32) -> u32 {
        YieldNow::default().await;
        n
    }
    #[lru_cache(tags(format!("{}", OFFSET.lock().unwrap())))]
    async fn local_error(text: &str, list: &[&str]) -> Result<usize, Rc<str>> {
        YieldNow::default().await;
        text.parse::<usize>()
            .map(|n| n + list.len())
            .map_err(|error| error.to_string().into())
    }
    #[lru_cache(cache_if = |value: &Arc<str>| !value.is_empty())]
    async fn user_type(pair: (String, Option<char>)) -> Arc<str> {
        YieldNow::default().await;
        pair.0.into()
    }
    #[lru_cache]
    async fn generic<T: Hash + Eq + Clone + Send + Sync + 'static>(value: &T) -> T {
        YieldNow::default().await;
        value.clone()
    }
    let cache: Cache<String, Arc<str>> = Cache::default();
    let host = Host::new(1);
    assert_eq!(block_on(send(guarded(1))), 1);
    assert_eq!(block_on(send(guarded::cache_refresh(1))), 1);
    assert_eq!(block_on(send(local_error("1", &["a"]))), Ok(2));
    assert!(block_on(send(local_error("x", &["a"]))).is_err());
    assert_eq!(block_on(send(local_error::cache_refresh("1", &[]))), Ok(1));
    assert_eq!(&*block_on(send(user_type(("a".into(), None)))), "a");
    assert_eq!(block_on(send(generic(&'x'))), 'x');
    assert_eq!(block_on(send(host.guarded_method(1))), 2);
    assert_eq!(block_on(send(host.guarded_method_refresh(1))), 2);
    let call = cache.get_or_insert_with_async("a", || async { "b".into() });
    assert_eq!(&*block_on(send(call)), "b");
    let call = cache.try_get_or_insert_with_async("c", || async {
        YieldNow::default().await;
        Err::<Arc<str>, Arc<str>>("d".into())
    });
    assert!(block_on(send(call)).is_err());
    // The errors of tasks on other threads are theirs.
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let calls = (0..4).map(|_| Task::new(local_error("y", &[]))).collect();
                assert!(run_to_end(calls).iter().all(Result::is_err));
            });
        }
    });
    assert_eq!(local_error::cache_info().misses, 10);
}
