//! What may be written as a tag, and when it is computed.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use crate::common::clock::clock_stands;
use crate::common::{YieldNow, block_on, watchdog};
use lruheap::{invalidate_tag, lru_cache};

const CONSTANT: &str = "expressions";

struct Own(String);

impl AsRef<str> for Own {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[lru_cache(tags(
    CONSTANT,
    name,
    name.to_owned(),
    Cow::Borrowed(name),
    Cow::<str>::Owned(format!("{name}:cow")),
    Arc::<str>::from(format!("{name}:arc")),
    std::rc::Rc::<str>::from(format!("{name}:rc")),
    Box::<str>::from(format!("{name}:box")),
    Own(format!("{name}:own")),
    &&format!("{name}:reference"),
    "",
    concat!("expressions", ":é"),
))]
fn of_all_types(name: &str) -> usize {
    name.len()
}

#[test]
fn all_kinds_of_strings_are_tags() {
    let _turn = clock_stands();
    let kinds = ["", ":cow", ":arc", ":rc", ":box", ":own", ":reference"];
    for kind in kinds {
        let _ = (
            of_all_types("expressions of a"),
            of_all_types("expressions of b"),
        );
        assert_eq!(
            invalidate_tag(&format!("expressions of a{kind}")),
            1,
            "{kind:?}"
        );
        assert!(!of_all_types::cache_contains("expressions of a"));
        assert!(of_all_types::cache_contains("expressions of b"));
    }
    for of_both in [CONSTANT, "", "expressions:é"] {
        let _ = (
            of_all_types("expressions of a"),
            of_all_types("expressions of b"),
        );
        assert_eq!(invalidate_tag(of_both), 2, "{of_both:?}");
    }
    assert_eq!(of_all_types::cache_info().currsize, 0);
}

#[test]
fn the_body_has_the_arguments_and_they_are_moved_nowhere_else() {
    let _turn = clock_stands();
    #[lru_cache(tags(id, names[0], format!("moved:{}", names.len())))]
    fn by_value(id: String, mut names: Vec<String>) -> Vec<String> {
        names.push(id);
        names
    }

    #[lru_cache(tags({ MADE.set(MADE.get() + 1); id }, key_of(*log)))]
    fn by_reference(id: &str, #[key(skip)] log: &mut usize) -> usize {
        *log += 1;
        id.len()
    }

    fn key_of(log: usize) -> String {
        format!("moved at {log}")
    }

    thread_local! {
        static MADE: Cell<u32> = const { Cell::new(0) };
    }

    let call = || by_value("moved a".into(), vec!["moved b".into()]);
    for tag in ["moved a", "moved b", "moved:1"] {
        assert_eq!([call(), call()].concat(), ["moved b", "moved a"].repeat(2));
        assert_eq!(invalidate_tag(tag), 1, "{tag}");
    }
    assert_eq!(by_value::cache_info().hits, 3);

    let mut log = 0;
    for _ in 0..3 {
        by_reference("moved c", &mut log);
    }
    assert_eq!(
        (log, MADE.get()),
        (1, 1),
        "made where the body runs, and on no hit"
    );
    assert_eq!(
        invalidate_tag("moved at 1"),
        0,
        "before the body, not after it"
    );
    assert_eq!(invalidate_tag("moved at 0"), 1);
}

#[test]
fn one_that_panics_leaves_nothing_behind() {
    let _turn = clock_stands();
    static IS_BROKEN: AtomicBool = AtomicBool::new(true);

    fn fragile(tag: &str) -> String {
        assert!(!IS_BROKEN.load(SeqCst), "no tag");
        format!("panics:{tag}")
    }

    #[lru_cache(tags("panics", fragile(id)))]
    fn plain(id: &str) -> usize {
        id.len()
    }

    #[lru_cache(tags("panics", fragile(id)))]
    async fn later(id: &str) -> usize {
        YieldNow::default().await;
        id.len()
    }

    let _watchdog = watchdog();
    IS_BROKEN.store(true, SeqCst);
    for _ in 0..3 {
        assert!(catch_unwind(|| plain("a")).is_err());
        assert!(catch_unwind(|| plain::cache_refresh("a")).is_err());
        assert!(catch_unwind(|| plain::cache_insert("a", 7)).is_err());
        assert!(catch_unwind(|| block_on(later("a"))).is_err());
    }
    assert_eq!(
        (plain::cache_info().currsize, later::cache_info().currsize),
        (0, 0)
    );
    assert_eq!(invalidate_tag("panics"), 0);
    IS_BROKEN.store(false, SeqCst);
    assert_eq!((plain("a"), block_on(later("a"))), (1, 1));
    IS_BROKEN.store(true, SeqCst);
    assert!(catch_unwind(|| plain::cache_refresh("a")).is_err());
    assert_eq!(
        (plain("a"), block_on(later("a"))),
        (1, 1),
        "what is there stays"
    );
    assert_eq!(invalidate_tag("panics:a"), 2);
}

#[test]
fn one_that_calls_the_function_or_invalidates() {
    let _turn = clock_stands();
    static CALLS: AtomicU32 = AtomicU32::new(0);

    #[lru_cache(tags(format!("calls:{}", if n == 0 { 0 } else { recursive(n - 1) })))]
    fn recursive(n: u32) -> u32 {
        CALLS.fetch_add(1, SeqCst);
        n
    }

    #[lru_cache(tags("invalidates", { invalidate_tag("invalidates"); "invalidates" }))]
    fn last(n: u32) -> u32 {
        n
    }

    let _watchdog = watchdog();
    assert_eq!((recursive(5), CALLS.load(SeqCst)), (5, 6));
    assert_eq!(invalidate_tag("calls:0"), 2);
    for n in 0..3 {
        last(n);
        assert_eq!(last::cache_info().currsize, 1, "that it had no tags yet");
    }
}
