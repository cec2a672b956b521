//! Functions that are awaited.

use std::future::ready;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::atomic::Ordering::SeqCst;

use lruheap::lru_cache;

use crate::Runs;
use crate::common::YieldNow;
use crate::common::block_on;
use crate::common::tasks::Permits;
use crate::common::tasks::Task;
use crate::common::tasks::run_to_end;
use crate::common::watchdog;
use crate::connected;
use crate::shared_four;

#[test]
fn tasks_share_as_well() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    async fn f(text: &str) -> String {
        RUNS.run();
        YieldNow::default().await;
        text.to_uppercase()
    }
    let _watchdog = watchdog();
    connected();
    let tasks = (0..5).map(|_| Task::new(f("a"))).collect();
    assert_eq!(run_to_end(tasks), ["A"; 5]);
    RUNS.are(1);
    forget!(f);
    assert_eq!(block_on(f("a")), "A");
    RUNS.are(1);
    assert_eq!(shared_four(f::cache_info()), (1, 0, 1, 1));
}

#[test]
fn a_cancelled_task_leaves_nothing_behind() {
    static RUNS: Runs = Runs::none();
    static PERMITS: Permits = Permits::none();
    #[lru_cache(shared)]
    async fn f(n: u8) -> u8 {
        RUNS.run();
        PERMITS.take().await;
        n
    }
    let _watchdog = watchdog();
    connected();
    let mut task = Task::new(f(1));
    assert_eq!(task.poll(), None);
    while RUNS.0.load(SeqCst) == 0 {
        task.await_wake();
        task.poll();
    }
    task.cancel();
    PERMITS.allow(1);
    assert_eq!(block_on(f(1)), 1);
    RUNS.are(2);
    forget!(f);
    assert_eq!(block_on(f(1)), 1);
    RUNS.are(2);
}

#[test]
fn tasks_with_tags_and_their_refresh_as_well() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(ttl = 60, shared(ttl = 300), tags("tasks: all", format!("tasks: {id}")))]
    async fn f(id: &str, #[key(x.to_bits())] x: f64) -> Result<String, String> {
        RUNS.run();
        ready(()).await;
        if id.is_empty() {
            Err("no id".into())
        } else {
            Ok(format!("{id} {x} {}", RUNS.0.load(SeqCst)))
        }
    }
    let _watchdog = watchdog();
    connected();
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 1".into()));
    assert_eq!(block_on(f("", 0.5)), Err("no id".into()));
    forget!(f);
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 1".into()));
    assert_eq!(lruheap::invalidate_tag("tasks: a"), 1);
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 3".into()));
    assert_eq!(block_on(f::cache_refresh("a", 0.5)), Ok("a 0.5 4".into()));
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 4".into()));
    forget!(f);
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 4".into()));
    lruheap::invalidate_tag("tasks: all");
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 5".into()));
    assert_eq!(f::cache_remove("a", 0.5), Some("a 0.5 5".into()));
    f::cache_insert("a", 0.5, "mine".into());
    forget!(f);
    assert_eq!(block_on(f("a", 0.5)), Ok("mine".into()));
    RUNS.are(5);
}

#[test]
fn a_future_that_panics_leaves_nothing_behind() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    async fn f(n: u8) -> u8 {
        RUNS.run();
        YieldNow::default().await;
        assert!(RUNS.0.load(SeqCst) > 1, "the first");
        n
    }
    let _watchdog = watchdog();
    connected();
    assert!(catch_unwind(AssertUnwindSafe(|| block_on(f(1)))).is_err());
    assert_eq!(block_on(f(1)), 1);
    RUNS.are(2);
}
