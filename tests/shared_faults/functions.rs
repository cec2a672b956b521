//! The memoized functions that all processes here share, what is true, and what a call may
//! cost.

use std::collections::HashMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use lruheap::lru_cache;
use lruheap::shared::Error;

use crate::alone::answer;
use crate::common::block_on;
use crate::servers::until;

/// The longest that a call may take, when a store with a deadline of 50 ms is at its worst:
/// a few deadlines, and what a machine that has more to do takes.
pub(crate) const BOUND: Duration = Duration::from_millis(400);

/// How long a notice may take.
pub(crate) const NOTICE: Duration = Duration::from_millis(100);

static TRUTH: LazyLock<Mutex<HashMap<u64, u64>>> = LazyLock::new(Mutex::default);
pub(crate) static RUNS: AtomicUsize = AtomicUsize::new(0);

fn truth() -> MutexGuard<'static, HashMap<u64, u64>> {
    TRUTH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the function of `x` has to give.
pub(crate) fn version(x: u64) -> u64 {
    truth().get(&x).copied().unwrap_or(0)
}

/// Makes something else true in this process.
pub(crate) fn is_now(x: u64, version: u64) {
    truth().insert(x, version);
}

fn run(x: u64) -> u64 {
    RUNS.fetch_add(1, Ordering::SeqCst);
    version(x)
}

#[lru_cache(maxsize = 100_000, shared(ttl = 300))]
pub(crate) fn value(x: u64) -> u64 {
    run(x)
}

#[lru_cache(maxsize = 100_000, shared(ttl = 300))]
pub(crate) async fn later(x: u64) -> u64 {
    run(x)
}

#[lru_cache(maxsize = 100, shared(ttl = 300))]
pub(crate) fn slow(x: u64) -> u64 {
    // What takes so long that all others come meanwhile.
    std::thread::sleep(Duration::from_millis(300));
    run(x)
}

#[lru_cache(maxsize = 100, shared(ttl = 300))]
pub(crate) fn large(len: usize) -> Vec<u8> {
    vec![b'x'; len]
}

/// Something happens while this runs.
#[lru_cache(maxsize = 100, shared(ttl = 300))]
pub(crate) fn interrupted(x: u64) -> u64 {
    if let Some(happens) = HAPPENS.lock().expect("nobody panics").take() {
        happens();
    }
    run(x)
}

type Happens = Box<dyn FnOnce() + Send>;
pub(crate) static HAPPENS: Mutex<Option<Happens>> = Mutex::new(None);

#[allow(clippy::unnecessary_wraps)] // the error is the store's
#[lru_cache(maxsize = 0, shared(ttl = 300, once = at_most_once))]
pub(crate) fn once(x: u64, is_endless: bool) -> Result<u64, Error> {
    let version = run(x);
    if is_endless && RUNS.load(Ordering::SeqCst) == 1 && IS_HOLDER.load(Ordering::SeqCst) == 1 {
        answer("began");
        loop {
            std::thread::park();
        }
    }
    Ok(version)
}

/// Where all processes find what is true.
static PLACE: OnceLock<PathBuf> = OnceLock::new();
static RESTS: AtomicBool = AtomicBool::new(false);

/// All processes find what is true in this file from now on.
pub(crate) fn find_in(path: &Path) {
    PLACE.set(path.into()).expect("it is the first");
}

/// Makes it true for all processes.
pub(crate) fn publish(version: u64) {
    let path = PLACE.get().expect("it is known");
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let file = file.expect("there is room");
    file.write_all_at(&version.to_le_bytes(), 0)
        .expect("there is room");
}

/// What the file says, some time after it was read.
#[lru_cache(maxsize = 100, shared(ttl = 300))]
pub(crate) fn found(x: u64) -> u64 {
    let _ = RUNS.fetch_add(1, Ordering::SeqCst);
    let bytes = std::fs::read(PLACE.get().expect("it is known")).expect("it is there");
    for _ in 0..(x + RUNS.load(Ordering::SeqCst) as u64) % 50 {
        std::thread::yield_now();
    }
    u64::from_le_bytes(bytes.try_into().expect("it is a number"))
}

/// The same with a tag.
#[lru_cache(maxsize = 100, shared(ttl = 300), tags("found"))]
pub(crate) fn tagged(x: u64) -> u64 {
    let _ = x;
    let bytes = std::fs::read(PLACE.get().expect("it is known")).expect("it is there");
    u64::from_le_bytes(bytes.try_into().expect("it is a number"))
}

/// What the store has, or the body finds: nothing of what was in memory.
pub(crate) fn found_anew(x: u64) -> u64 {
    found::cache().clear();
    found(x)
}

/// Does that again and again.
fn hammer() {
    for _ in 0..2 {
        std::thread::spawn(|| {
            while !RESTS.load(Ordering::SeqCst) {
                found_anew(1);
            }
        });
    }
}

/// Whether this process is the one that never comes to an end.
static IS_HOLDER: AtomicUsize = AtomicUsize::new(0);

/// Makes the result of `x` another one, and says so.
pub(crate) fn change(x: u64) {
    is_now(x, version(x) + 1);
    value::cache_remove(x);
    later::cache_remove(x);
}

/// Calls the function, whose result has to be right.
#[track_caller]
pub(crate) fn right(x: u64) -> Duration {
    let begin = Instant::now();
    let found = value(x);
    let time = begin.elapsed();
    assert_eq!(found, version(x), "of {x}");
    time
}

/// The same by a task.
#[track_caller]
pub(crate) fn right_later(x: u64) -> Duration {
    let begin = Instant::now();
    let found = block_on(later(x));
    let time = begin.elapsed();
    assert_eq!(found, version(x), "of {x}");
    time
}

/// Forgets what is in the memory of this process.
pub(crate) fn forget() {
    value::cache().clear();
    later::cache().clear();
}

/// Waits until results come out of the store: of calls, of tasks. None is ever wrong.
#[track_caller]
pub(crate) fn is_shared_again() {
    let is_hit = |call: fn(u64) -> Duration, hits: fn() -> u64| {
        let before = hits();
        // A key of its own: what is known in the store of others may be gone.
        call(1_000_000);
        forget();
        call(1_000_000);
        hits() > before
    };
    until("it is shared again", || {
        is_hit(right, || value::cache_info().shared_hits)
    });
    until("tasks share again", || {
        is_hit(right_later, || later::cache_info().shared_hits)
    });
}

/// While the store is no help: all is right, no call costs much, and soon next to nothing.
#[track_caller]
pub(crate) fn is_borne(what: &str) {
    bear(what, [right, right_later]);
}

/// The same, where tasks are the first to find out.
#[track_caller]
pub(crate) fn is_borne_by_tasks(what: &str) {
    bear(&format!("{what}, tasks"), [right_later, right]);
}

#[track_caller]
fn bear(what: &str, calls: [fn(u64) -> Duration; 2]) {
    for call in calls {
        // Until it is left alone.
        let first: Vec<Duration> = (0..6).map(|x| call(2_000_000 + x)).collect();
        let mut many: Vec<Duration> = (0..500).map(|x| call(3_000_000 + x)).collect();
        let begin = Instant::now();
        change(1);
        let removal = begin.elapsed();
        call(1);
        forget();
        call(1);
        let worst = first.iter().chain(&many).max().copied().unwrap_or_default();
        many.sort_unstable();
        let median = many[many.len() / 2];
        crate::alone::say(&format!(
            "{what}: at worst {worst:.1?}, then {median:.1?}, removal {removal:.1?}"
        ));
        assert!(worst < BOUND, "a call took {worst:?}");
        assert!(median < Duration::from_millis(3), "calls took {median:?}");
        assert!(removal < 2 * BOUND, "a removal took {removal:?}");
        forget();
    }
}

/// The same for a removal that is the first to find out: that asks several times.
#[track_caller]
pub(crate) fn removal_is_borne(what: &str) {
    let begin = Instant::now();
    change(1);
    let removal = begin.elapsed();
    right(1);
    right_later(1);
    crate::alone::say(&format!("{what}: two removals {removal:.1?}"));
    assert!(removal < BOUND, "{removal:?}");
}

/// Looks at something that another process has changed until it is right. How long that
/// took; `None` if it was right at once.
#[track_caller]
pub(crate) fn becomes_right(x: u64) -> Option<Duration> {
    let begin = Instant::now();
    let truth = version(x);
    if value(x) == truth {
        return None;
    }
    while value(x) != truth {
        assert!(
            begin.elapsed() < NOTICE + BOUND,
            "nobody told this process of {x}"
        );
        std::thread::yield_now();
    }
    Some(begin.elapsed())
}

/// What another process does.
pub(crate) fn told(words: &[&str]) -> String {
    let number = |at: usize| -> u64 { words[at].parse().expect("a number") };
    match words[0] {
        "value" => value(number(1)).to_string(),
        "later" => block_on(later(number(1))).to_string(),
        "interrupted" => interrupted(number(1)).to_string(),
        "slow" => slow(number(1)).to_string(),
        "once" => format!("{:?}", once(number(1), true)),
        "hold" => {
            IS_HOLDER.store(1, Ordering::SeqCst);
            format!("{:?}", once(number(1), true))
        }
        "runs" => RUNS.load(Ordering::SeqCst).to_string(),
        // Makes it so, for itself and all others.
        "change" => {
            is_now(number(1), number(2));
            value::cache_remove(number(1));
            value(number(1)).to_string()
        }
        // Another has made it so.
        "expect" => {
            is_now(number(1), number(2));
            match becomes_right(number(1)) {
                None => "at once".into(),
                Some(time) => time.as_micros().to_string(),
            }
        }
        "truth" => {
            find_in(Path::new(words[1]));
            "known".into()
        }
        "found" => found_anew(number(1)).to_string(),
        "both" => format!("{} {}", found(number(1)), tagged(number(1))),
        "hammer" => {
            hammer();
            "begun".into()
        }
        "rest" => {
            RESTS.store(true, Ordering::SeqCst);
            "ended".into()
        }
        "forget" => {
            forget();
            "forgotten".into()
        }
        other => panic!("what is {other}?"),
    }
}
