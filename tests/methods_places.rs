//! Memoized methods wherever they may stand.

use std::fmt::Display;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
struct Generic<T> {
    value: T,
    caches: InstanceCaches,
}

impl<T: Clone + Display + 'static> Generic<T> {
    #[lru_cache]
    fn show(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.value)
    }

    #[lru_cache]
    fn with<U: Display + Hash + Eq + Clone + Send + Sync + 'static, const N: usize>(&self, other: &U) -> String {
        format!("{}{other}{N}", self.value)
    }
}

#[derive(CacheHost)]
struct Borrowing<'a, T: ?Sized> {
    text: &'a T,
    caches: InstanceCaches,
}

impl<'a> Borrowing<'a, str> {
    #[lru_cache]
    fn count(&self, word: &'a str) -> usize {
        self.text.matches(word).count()
    }
}

#[lru_cache]
impl<'a, T: AsRef<[u8]> + ?Sized + 'static> Borrowing<'a, T> {
    #[lru_cache(maxsize = 7)]
    fn length(#[key(skip)] &self, x: &'a str) -> usize {
        x.len() + self.text.as_ref().len() * 0
    }

    #[lru_cache]
    fn of(x: u8) -> usize {
        size_of::<Self>() + usize::from(x)
    }

    const A: usize = { 7 };

    fn not(&self) -> usize { Self::A }
}

struct User { id: u64, name: String }

impl User {
    #[lru_cache]
    fn score(#[key(self.id)] &self, weight: u32) -> u64 {
        self.id * u64::from(weight) + self.name.len() as u64
    }

    #[lru_cache]
    fn counted(self: Arc<Self>, x: u8) -> usize {
        self.name.len() + usize::from(x)
    }

    #[lru_cache]
    fn counted_ref(self: &Arc<Self>, x: &str) -> usize {
        self.name.len() + x.len()
    }

    #[lru_cache]
    fn local(self: Rc<Self>, x: u8) -> Rc<str> {
        format!("{}{x}", self.name).into()
    }

    #[lru_cache]
    fn local_ref(self: &Rc<Self>) -> Rc<str> {
        self.name.clone().into()
    }

    #[lru_cache]
    async fn asynchronous(self: &Arc<Self>, x: &str) -> Result<usize, std::io::Error> {
        Ok(self.name.len() + x.len())
    }
}

trait Shape {
    type Unit: Default + Clone + Send + Sync;
    const SIDES: u32;
    fn area(&self, scale: u32) -> u32;
    fn unit(&self) -> Self::Unit;
    fn sides(&self) -> u32 { Self::SIDES }
}

#[derive(CacheHost)]
struct Square(u32, InstanceCaches);

#[lru_cache]
impl Shape for Square {
    type Unit = String;
    const SIDES: u32 = 4;

    #[lru_cache]
    fn area(&self, scale: u32) -> u32 { self.0 * self.0 * scale + Self::SIDES - self.sides() }

    #[lru_cache]
    fn unit(&self) -> Self::Unit { <Self::Unit>::new() }
}

trait Named: CacheHost {
    fn name(&self) -> String;

    #[lru_cache]
    fn greeting(&self, loud: bool) -> String {
        if loud { self.name().to_uppercase() } else { self.name() }
    }
}

#[derive(CacheHost)]
struct A { caches: InstanceCaches }
#[derive(CacheHost)]
struct B { caches: InstanceCaches }
impl Named for A { fn name(&self) -> String { "a".into() } }
impl Named for B { fn name(&self) -> String { "b".into() } }

#[test]
fn all() {
    let g = Generic { value: 5, caches: InstanceCaches::new() };
    let h = Generic { value: "x", caches: InstanceCaches::new() };
    assert_eq!(g.show("a"), "a5");
    assert_eq!(h.show("a"), "ax");
    assert_eq!(g.with::<_, 3>(&1u8), "513");
    assert_eq!(g.with::<_, 4>(&1u8), "514");
    assert_eq!(g.with::<_, 3>(&'c'), "5c3");
    assert_eq!(g.with_cache::<u8, 3>().cache_info().misses, 1);
    assert_eq!(g.with_cache::<u8, 3>().cache_peek((&1,)).unwrap(), "513");
    assert_eq!(Generic::<i32>::show_caches().instances(), 1);
    let t = String::from("a b a");
    let b = Borrowing { text: &*t, caches: InstanceCaches::new() };
    assert_eq!(b.count("a"), 2);
    assert_eq!(b.length("abc"), 3);
    assert_eq!(b.not(), 7);
    assert_eq!(Borrowing::<str>::of(1), 25);
    assert_eq!(Borrowing::<[u8]>::of(1), 25);
    assert_eq!(Borrowing::<[u8]>::of_cache().cache_info().misses, 1);
    assert_eq!(Borrowing::<[u8]>::of_cache().cache_peek((1,)), Some(25));
    let u = User { id: 3, name: "n".into() };
    assert_eq!(u.score(2), 7);
    assert_eq!(User { id: 3, name: "nnn".into() }.score(2), 7);
    assert_eq!(u.score_cache().cache_info().hits, 1);
    assert_eq!(u.score_cache().cache_remove((2,)), Some(7));
    let a = Arc::new(u);
    assert_eq!(Arc::clone(&a).counted(3), 4);
    assert_eq!(a.counted_ref("ab"), 3);
    assert_eq!(a.counted_cache().cache_peek((3,)), Some(4));
    assert_eq!(a.counted_cache().cache_refresh((3,)), 4);
    assert_eq!(Arc::strong_count(&a), 1);
    let r = Rc::new(User { id: 3, name: "n".into() });
    r.local_ref();
    assert_eq!(&*Rc::clone(&r).local(3), "n3");
    assert_eq!(r.local_cache().cache_info().misses, 1);
    assert_eq!(User::local_caches().instances(), 1);
    let s = Square(2, InstanceCaches::new());
    assert_eq!(s.area(2), 8);
    assert_eq!(s.unit(), "");
    assert_eq!(s.area_cache().cache_info().misses, 1);
    let (a, b) = (A { caches: InstanceCaches::new() }, B { caches: InstanceCaches::new() });
    assert_eq!(a.greeting(true), "A");
    assert_eq!(b.greeting(true), "B");
    assert_eq!(a.greeting_cache().cache_info().misses, 1);
    assert_eq!(A::greeting_caches().instances(), 1);
    lruheap::report();
}
