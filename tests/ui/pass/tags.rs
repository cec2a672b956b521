//! Tags see the arguments and the instance, and move nothing; they are made where the
//! body runs, and on no hit.
#![deny(warnings, unsafe_op_in_unsafe_fn, unused_unsafe)]

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use lruheap::{CacheHost, InstanceCaches, lru_cache};

const COURSES: &str = "courses";

thread_local! {
    static MADE: Cell<u32> = const { Cell::new(0) };
}

fn made<T>(tag: T) -> T {
    MADE.set(MADE.get() + 1);
    tag
}

#[lru_cache(tags("courses", COURSES, format!("course:{id}"), id, id.to_owned(), String::from(id)))]
fn by_reference(id: &str) -> usize {
    id.len()
}

#[lru_cache(tags(made(&id), *teacher, names[0]))]
fn by_value(id: String, teacher: Box<str>, names: Vec<String>) -> usize {
    id.len() + teacher.len() + names.len()
}

#[lru_cache(tags({ let mut tag = id.clone(); tag.push('!'); tag }))]
fn mutable(mut id: String) -> String {
    id.push('?');
    id
}

#[lru_cache(tags(format!("{}:{key}", value.len())))]
fn generic<T: AsRef<str> + std::hash::Hash + Eq + Clone + Send + Sync + 'static>(
    key: T,
    #[key(skip)] value: &mut Vec<u8>,
) -> usize
where
    T: std::fmt::Display,
{
    value.push(1);
    key.as_ref().len()
}

#[lru_cache(tags(made(id)))]
async fn later(id: &str, (_, _): (u8, u8)) -> Result<usize, String> {
    Ok(id.len())
}

/// # Safety
///
/// None is needed.
#[lru_cache(tags(id))]
async unsafe fn trusted(id: &str) -> usize {
    id.len()
}

#[lru_cache(companion = none, tags(id))]
fn without_controls(id: &str) -> usize {
    id.len()
}

#[derive(CacheHost, Default)]
struct Teacher {
    name: String,
    caches: InstanceCaches,
}

trait Named {
    fn named(&self, n: u32) -> String;
}

impl Teacher {
    #[lru_cache(tags(self.name, format!("{}:{n}", self.name)))]
    fn course(&self, n: u32) -> String {
        format!("{} {n}", self.name)
    }

    #[lru_cache(tags(&self.name, n.to_string()))]
    async fn later(&self, n: u32) -> String {
        format!("{} {n}", self.name)
    }

    /// # Safety
    ///
    /// None is needed.
    #[lru_cache(tags(self.name))]
    async unsafe fn trusted(&self, text: &str) -> String {
        format!("{} {text}", self.name)
    }

    #[lru_cache(tags(self.name.as_str()))]
    fn shared(self: Arc<Self>, n: u32) -> String {
        format!("{} {n}", self.name)
    }

    #[lru_cache(tags(self.name))]
    async fn shared_later(self: Arc<Self>, n: u32) -> String {
        format!("{} {n}", self.name)
    }

    #[lru_cache(tags(self.name))]
    fn of_all(#[key(self.name.clone())] &self) -> usize {
        self.name.len()
    }
}

#[lru_cache]
impl Teacher {
    const ALL: &str = "teachers";

    #[lru_cache(tags(Self::ALL, format!("{n}")))]
    fn count(n: usize) -> usize {
        n
    }
}

#[lru_cache]
impl Named for Teacher {
    #[lru_cache(tags(self.name))]
    fn named(&self, n: u32) -> String {
        format!("{} {n}", self.name)
    }
}

fn ready<F: Future + Send>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing is to be waited for"),
    }
}

fn main() {
    assert_eq!([by_reference("a"), by_reference::cache_refresh("a")], [1, 1]);
    let call = || by_value("a".into(), "b".into(), vec!["c".into()]);
    assert_eq!([call(), call()], [3, 3]);
    assert_eq!(MADE.get(), 1);
    assert_eq!(mutable("a".into()), "a?");
    assert_eq!(generic("a", &mut Vec::new()), 1);
    assert_eq!([ready(later("a", (1, 2))), ready(later("a", (1, 2)))], [Ok(1), Ok(1)]);
    assert_eq!(MADE.get(), 2);
    assert_eq!(ready(later::cache_refresh("a", (1, 2))), Ok(1));
    assert_eq!(MADE.get(), 3);
    assert_eq!(ready(unsafe { trusted("a") }), 1);
    assert_eq!(ready(unsafe { trusted::cache_refresh("a") }), 1);
    assert_eq!(without_controls("a"), 1);

    let teacher = Arc::new(Teacher { name: "t".into(), ..Teacher::default() });
    assert_eq!(teacher.course(1), "t 1");
    assert_eq!(teacher.course_cache().cache_refresh((1,)), "t 1");
    assert_eq!(ready(teacher.later(1)), "t 1");
    assert_eq!(ready(teacher.later_refresh(1)), "t 1");
    assert_eq!(ready(unsafe { teacher.trusted("x") }), "t x");
    assert_eq!(ready(unsafe { teacher.trusted_refresh("x") }), "t x");
    assert_eq!(teacher.clone().shared(1), "t 1");
    assert_eq!(teacher.shared_cache().cache_refresh((1,)), "t 1");
    assert_eq!(ready(teacher.clone().shared_later(1)), "t 1");
    assert_eq!(ready(teacher.clone().shared_later_refresh(1)), "t 1");
    assert_eq!([teacher.of_all(), Teacher::count(1)], [1, 1]);
    assert_eq!(teacher.named(1), "t 1");
}
