//! Memoization for Rust: put [`#[lru_cache]`](macro@lru_cache) on a function
//! and calls are answered from an exact LRU cache.
//!
//! ```
//! use lruheap::lru_cache;
//!
//! /// The n-th Fibonacci number.
//! #[lru_cache(maxsize = 128)]
//! pub fn fibonacci(n: u64) -> u64 {
//!     if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
//! }
//!
//! assert_eq!(fibonacci(35), 9_227_465);
//! assert_eq!(fibonacci::cache_info().to_string(),
//!            "CacheInfo(hits=33, misses=36, maxsize=128, currsize=36)");
//! fibonacci::cache_clear();
//! ```
//!
//! * [`#[lru_cache]`](macro@lru_cache) memoizes a function; the controls of its
//!   cache stand beside it, under its own name. It memoizes methods as well, with
//!   a cache for each instance.
//! * [`CacheHost`](derive@CacheHost) gives the instances of a type their caches,
//!   and [`#[cache_invalidate]`](macro@cache_invalidate) clears them when an
//!   instance changes.
//! * [`#[cache]`](macro@cache) does so without a bound.
//! * [`Cache`] is the cache itself, for use by hand.
//! * [`caches`] lists the caches of the process, and [`report`] prints them;
//!   the [`sweeper`] frees what has expired in those that lie idle.
//! * [`LooseKey`](derive@LooseKey) lets equal numbers of different types be one
//!   key, as in Python.
//!
//! Code of yours (the body, `Hash`, `Eq`, `Clone`, `Drop`, closures) never runs
//! while a lock is held: it may be slow, panic, or call the same function.
//!
//! # Features
//!
//! None is on by default.
//!
//! * `testing`: a clock that tests can move, `lruheap::testing::advance`.
//! * `serde`: types with an [`InstanceCaches`] derive `Serialize` and `Deserialize`.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use lruheap_core::{
    Cache, CacheBuilder, CacheHost, CacheInfo, CacheKind, CacheParameters, CacheReport,
    InstanceCaches, Loose, LooseKey, LooseTokens, MethodCache, MethodCaches, Policy, caches, purge,
    report, sweeper,
};

/// Gives each instance of a struct caches of its own for its memoized methods.
///
/// The caches hang on a field of type [`InstanceCaches`], which the derive finds
/// by that name; where it goes by another, `#[cache_host]` marks the field. One
/// field is enough for all methods.
///
/// ```
/// use lruheap::{CacheHost, InstanceCaches, lru_cache};
///
/// #[derive(CacheHost, Clone, Debug, Default, PartialEq)]
/// struct Corpus {
///     texts: Vec<String>,
///     caches: InstanceCaches,
/// }
///
/// impl Corpus {
///     #[lru_cache(maxsize = 1000)]
///     fn count(&self, word: &str) -> usize {
///         self.texts.iter().map(|text| text.matches(word).count()).sum()
///     }
/// }
///
/// let corpus = Corpus { texts: vec!["a rose is a rose".into()], ..Corpus::default() };
/// assert_eq!((corpus.count("rose"), corpus.count("rose")), (2, 2));
/// assert_eq!(corpus.count_cache().cache_info().hits, 1);
///
/// let copy = corpus.clone(); // as if the field were not there
/// assert_eq!(copy, corpus);
/// assert_eq!(copy.count_cache().cache_info().misses, 0);
/// ```
///
/// Parameters of any kind are fine. Derived `Debug` prints the field's name and nothing
/// of what is cached. `#[cache_host(crate = some::path)]` on the type names another path
/// to lruheap. For types that are no structs, see [the trait](trait@CacheHost).
///
/// # Errors
///
/// A struct with no such field, or with two; a field of another type that leads to one
/// (`Arc<InstanceCaches>` would be shared by clones); an enum, a union.
pub use lruheap_macros::CacheHost;

/// Drops what is out of date when a function has returned, or a method has changed its
/// instance.
///
/// # On functions
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use lruheap::{cache_invalidate, lru_cache};
///
/// static SEATS: AtomicU64 = AtomicU64::new(30);
///
/// #[lru_cache]
/// fn seats(course: u64) -> u64 {
///     SEATS.load(Ordering::Relaxed) + course
/// }
///
/// #[lru_cache]
/// fn catalogue() -> String {
///     format!("course 7: {} seats", seats(7))
/// }
///
/// #[cache_invalidate(seats(course), catalogue)]
/// fn book(course: u64) -> Result<u64, String> {
///     SEATS.fetch_sub(1, Ordering::Relaxed);
///     Ok(course)
/// }
///
/// assert_eq!((seats(7), seats(8)), (37, 38));
/// book(7)?;
/// assert_eq!((seats(7), seats(8)), (36, 38)); // only the first was computed anew
/// # Ok::<(), String>(())
/// ```
///
/// | target | is dropped |
/// | --- | --- |
/// | `f(expr…)` | that entry of `f`; the expressions speak of the parameters, and are evaluated before the body runs, so that it may consume them (by `&name.clone()`, if it does) |
/// | `g`, `module::g` | all of `g` |
/// | `Type::m` | the caches of `m` in all instances; of an associated function, `Type::m(expr…)` is one entry |
///
/// It happens when the function has returned, or the future of an `async` one has been
/// awaited to its end; not if that gave an `Err`, was dropped, or panicked. With `always`
/// among the targets it happens in these cases as well. What is being computed at that
/// moment is returned to its caller and not stored.
///
/// # On methods that change their instance
///
/// ```
/// use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};
///
/// #[derive(CacheHost, Default)]
/// struct Dataset {
///     values: Vec<f64>,
///     title: String,
///     caches: InstanceCaches,
/// }
///
/// impl Dataset {
///     #[lru_cache]
///     fn mean(&self) -> f64 {
///         self.values.iter().sum::<f64>() / self.values.len() as f64
///     }
///
///     #[lru_cache]
///     fn heading(&self, width: usize) -> String {
///         format!("{:^width$}", self.title)
///     }
///
///     #[cache_invalidate]
///     fn push(&mut self, value: f64) {
///         self.values.push(value);
///     }
///
///     #[cache_invalidate(heading)] // only this method's; more than one by commas
///     fn set_title(&mut self, title: &str) {
///         self.title = title.into();
///     }
/// }
///
/// let mut data = Dataset::default();
/// data.push(1.0);
/// assert_eq!(data.mean(), 1.0);
/// data.push(3.0);
/// assert_eq!(data.mean(), 2.0);
/// data.set_title("Figures");
/// assert_eq!(data.mean(), 2.0); // from the cache
/// assert_eq!(data.mean_cache().cache_info().hits, 1);
/// ```
///
/// The caches of the instance are cleared however the method ends: it returns, early or not,
/// returns an `Err`, panics, or is a future that is dropped; the instance may have
/// changed in all of these. What is being computed for the instance at that moment,
/// by a thread that shares it, is returned to its caller and not stored.
///
/// It stands on methods with `&mut self`; with `&self`, where they change what is in
/// a `Mutex` or the like; and with `self`, where they make a changed instance of it
/// (`Self { x, ..self }` takes the caches along). It works in `impl` blocks of types
/// and of traits. Without names it clears the caches that hang on the instance, for
/// which its type is a [`CacheHost`](derive@CacheHost), and no others. Names are those that
/// the controls begin with (`mean` for `mean_cache()`), and may be of methods that take
/// `Arc<Self>` or `Rc<Self>`, or share one cache, which is then cleared whole. Targets as
/// on functions may stand beside them, a function by a path (`self::g`).
///
/// Within the method, calls are answered from the caches as before: what the body needs
/// of its own changes it asks `m_uncached`, or calls `self.caches.clear()` first. If it puts
/// another value in the place of `*self`, that has caches of its own, which are left
/// as they are. Where a field is written to from elsewhere, nobody knows but the writer:
/// call `self.caches.clear()`.
///
/// As with `cache_clear`, the counters start over.
///
/// `#[cache_invalidate(crate = some::path)]` names another path to lruheap.
///
/// # Costs
///
/// Two atomic operations and a lock for each of the caches. On an instance without
/// a cached call so far it makes the place where they hang: 56 bytes.
pub use lruheap_macros::cache_invalidate;

/// Memoizes a function without a bound: [`#[lru_cache(maxsize = None)]`](macro@lru_cache).
///
/// Takes the same options, but for `maxsize`. Nothing is ever evicted, so it is
/// for functions whose arguments are few, or with a `ttl`.
///
/// ```
/// use lruheap::cache;
///
/// #[cache]
/// fn factorial(n: u128) -> u128 {
///     if n == 0 { 1 } else { n.wrapping_mul(factorial(n - 1)) }
/// }
///
/// assert_eq!(factorial(20), 2_432_902_008_176_640_000);
/// assert_eq!(factorial::cache_info().maxsize, None);
/// ```
pub use lruheap_macros::cache;

/// Makes a type an argument of functions with `typed = false`: values are equal
/// if the type's name is and all fields are, each compared by value rather than
/// by type. See [`LooseKey`](trait@LooseKey).
///
/// ```
/// use lruheap::{LooseKey, lru_cache};
///
/// #[derive(LooseKey)]
/// struct Point<T> {
///     x: T,
///     y: T,
/// }
///
/// #[lru_cache(typed = false)]
/// fn quadrant<T: LooseKey + PartialOrd + Default>(point: Point<T>) -> u8 {
///     match (point.x >= T::default(), point.y >= T::default()) {
///         (true, true) => 1,
///         (false, true) => 2,
///         (false, false) => 3,
///         (true, false) => 4,
///     }
/// }
///
/// assert_eq!(quadrant(Point { x: 1, y: -1 }), 4);
/// assert_eq!(quadrant(Point { x: 1.0, y: -1.0 }), 4);
/// assert_eq!(quadrant::<i32>::cache_info().hits, 1);
/// ```
///
/// `#[loose_key(crate = some::path)]` on the type names another path to lruheap.
pub use lruheap_macros::LooseKey;

/// Memoizes a function: calls with equal arguments are answered from a cache.
///
/// ```
/// use lruheap::lru_cache;
///
/// #[lru_cache(maxsize = 1000, ttl = "10m")]
/// fn lines(path: &str) -> std::io::Result<usize> {
///     Ok(std::fs::read_to_string(path)?.lines().count())
/// }
///
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
/// let first = lines(path)?;
/// let again = lines(path)?; // no file is read, and no `String` made of the path
/// assert_eq!(first, again);
/// assert!(lines("/no/such/file").is_err()); // an `Err` is not kept
/// assert_eq!(lines::cache_info().currsize, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The function stays a plain `fn` with its own signature and attributes; it may
/// be generic, `async`, `unsafe` or `extern`, and stand inside another function.
///
/// # The controls
///
/// Beside the function stands a type of the same name, whose associated
/// functions are the controls of the cache. One `use` imports both. `args…` are
/// the function's own parameters, and `V` is what is kept: the result, or for
/// `Result<T, E>` what `Ok` holds.
///
/// | control | returns | does |
/// | --- | --- | --- |
/// | `f::cache_info()` | [`CacheInfo`] | exact counters |
/// | `f::cache_clear()` | `()` | drops every entry, zeroes the counters |
/// | `f::cache_parameters()` | [`CacheParameters`] | the options as configured |
/// | `f::uncached(args…)` | as `f` | runs the body; cache and counters untouched |
/// | `f::cache_peek(args…)` | `Option<V>` | the live value; no compute, no recency, no count |
/// | `f::cache_contains(args…)` | `bool` | likewise |
/// | `f::cache_ttl(args…)` | `Option<Duration>` | time left; `Duration::MAX` where it never expires; `None` where absent |
/// | `f::cache_insert(args…, value)` | `()` | stores a value (`cache_if` is not asked); an `Err` or `None` that is not to be kept removes the entry |
/// | `f::cache_remove(args…)` | `Option<V>` | removes one entry |
/// | `f::cache_refresh(args…)` | as `f` | runs the body now and replaces the entry; not counted; an `Err` leaves the entry as it is, another result that is not to be kept removes it |
/// | `f::cache_purge()` | `usize` | drops what has expired, says how many |
/// | `f::cache_resize(n)` | `()` | a new bound (a number or `None`), evicting down to it |
/// | `f::cache()` | `&'static Cache<…>` | the [`Cache`] itself; its keys are tuples of the owned arguments |
///
/// For a generic function the type has the same parameters:
/// `describe::<u8>::cache_info()`. With `scope = thread` there is no `cache()`.
/// Where the type would stand in the way (a function named like a module or
/// crate that is used beside it), `companion = name` gives it another name, and
/// `companion = none` leaves it out.
///
/// # Options
///
/// | option | values (default first) | meaning |
/// | --- | --- | --- |
/// | `maxsize` | `128`; any `usize` expression; `None` | entries kept; `None` unbounded; `0` stores nothing and counts misses |
/// | `ttl` | `None`; `60`, `0.25` (seconds); `"2h5m"`; a `Duration` expression | age from the end of the computation, on a monotonic clock; an entry whose age equals the ttl has expired |
/// | `tti` | as `ttl` | time since the last hit (or since it was stored); with a `ttl`, whichever comes first. A hit then takes O(log n) |
/// | `ttl_with` | a closure `\|value: &V\| -> Duration` | each value its own time; instead of `ttl` |
/// | `ttl_err` | as `ttl` | with `cache_err = true`: how long errors live |
/// | `typed` | unset; `true`; `false` | see below |
/// | `policy` | `lru` | which entry makes room |
/// | `scope` | `process`; `thread` | `thread`: one cache per thread, no locks, and values need not be `Send` |
/// | `cache_err`, `cache_none` | `false`, `true` | whether `Err` / `None` results are kept |
/// | `cache_if` | a closure `\|value: &V\| -> bool` | keeps only what it accepts |
/// | `name` | `module_path!()::f` | what reports call it |
/// | `companion` | the function's name; a name; `none` | the type with the controls |
/// | `crate` | `::lruheap` | the path of lruheap, where it is re-exported |
///
/// On a parameter, `#[key(skip)]` leaves it out of the key, and `#[key(expr)]`
/// puts the expression's value in its place:
///
/// ```
/// # use lruheap::lru_cache;
/// #[lru_cache]
/// fn root(#[key(x.to_bits())] x: f64, #[key(skip)] log: &mut Vec<f64>) -> f64 {
///     log.push(x);
///     x.sqrt()
/// }
///
/// let mut log = Vec::new();
/// assert_eq!(root(2.25, &mut log), 1.5);
/// assert_eq!(root(2.25, &mut log), 1.5);
/// assert_eq!(log, [2.25]);
/// ```
///
/// # Keys
///
/// All parameters in order, compared by `Eq`. An argument taken by reference
/// (`&str`, `&[T]`, `&T`, `Option<&T>`, `&[&str]`, `&Path`) is looked up as it
/// is and owned only when a result is stored: a hit clones no argument and
/// allocates nothing. Arguments taken by value need `Hash + Eq + Clone`, those
/// taken by reference `Hash + Eq` and an owned form (`ToOwned`). The hasher is
/// seeded anew for each cache.
///
/// # Results
///
/// A hit hands out a clone, so results need `Clone`; `Arc` makes that cheap.
/// `Err` is not kept, and `E` need not be `Clone`; that holds behind an alias,
/// too (`io::Result`, `type R = Result<…>`), though not where the result is a type
/// parameter or an associated type of one. A panic is not kept. If the entry
/// is removed, inserted or cleared while its value is computed, the value is
/// returned to its caller and not stored.
///
/// # Counting
///
/// `hits` are the calls that were answered without running the body, `misses`
/// those that ran it; their sum is the number of calls, exactly, from any number
/// of threads. For now, threads that miss on one key at one time each run the
/// body.
///
/// # Generic functions, and `typed`
///
/// For a concrete signature `typed` changes nothing. Each instantiation of a
/// generic function has its own entries; its type parameters need `'static`,
/// and `Send + Sync` where they are part of a key or a result. Arguments of
/// type `impl Trait` share one cache, in which values of different types are
/// different keys. A closure that is skipped (`#[key(skip)] f: F`, `F: Fn…`)
/// makes no instantiation of its own, unless `typed = true`: closures have a type
/// each, and none would be answered by another's entries.
///
/// With `typed = false` all instantiations share one cache, and numbers that are
/// equal are one key whatever their type, as in Python. Const parameters are part of
/// the key. Parameters then
/// implement [`LooseKey`](trait@LooseKey), and the return type names no type
/// parameter.
///
/// ```
/// # use lruheap::{LooseKey, lru_cache};
/// #[lru_cache(typed = false)]
/// fn is_one<T: LooseKey + Into<f64>>(x: T) -> bool {
///     x.into() == 1.0
/// }
///
/// assert!(is_one(1_u8) && is_one(1.0_f64));
/// assert_eq!(is_one::<u8>::cache_info().to_string(),
///            "CacheInfo(hits=1, misses=1, maxsize=128, currsize=1)");
/// ```
///
/// # Methods
///
/// With `&self`, each instance has a cache of its own, which dies with it. The type
/// is a [`CacheHost`](derive@CacheHost): it has a field to hang the caches on. There is
/// no place for a type beside a method, so the controls are methods as well, and
/// those of one entry take the arguments as a tuple:
///
/// ```
/// use lruheap::{CacheHost, InstanceCaches, lru_cache};
///
/// #[derive(CacheHost)]
/// struct Analyzer { data: Vec<i64>, caches: InstanceCaches }
///
/// impl Analyzer {
///     #[lru_cache(maxsize = 128)] // for each instance
///     fn above(&self, threshold: i64) -> Vec<i64> {
///         self.data.iter().copied().filter(|&x| x > threshold).collect()
///     }
/// }
///
/// let a = Analyzer { data: vec![1, 2, 3, 4, 5], caches: InstanceCaches::new() };
/// assert_eq!(a.above(3), [4, 5]);
/// assert_eq!(a.above_cache().cache_info().misses, 1);
/// assert_eq!(a.above_cache().cache_remove((3,)), Some(vec![4, 5]));
/// assert_eq!(a.above_uncached(4), [5]);
/// assert_eq!(Analyzer::above_caches().instances(), 1);
/// ```
///
/// | control | is |
/// | --- | --- |
/// | `a.m_cache()` | the controls of this instance's cache: [`MethodCache`] |
/// | `a.m_uncached(args…)` | runs the body; cache and counters untouched |
/// | `a.m_refresh(args…)` | where the method is `async` or `unsafe`, in the place of `a.m_cache().cache_refresh((args…,))` |
/// | `Type::m_caches()` | all live instances together: [`MethodCaches`] |
///
/// `companion = name` puts another name in the place of `m`, `companion = none` leaves
/// the controls out.
///
/// | receiver | the cache |
/// | --- | --- |
/// | `&self` | the instance's, on its field; dies with it |
/// | `self: Arc<Self>`, `&Arc<Self>`, `Rc<Self>`, `&Rc<Self>` | the instance's, in a table beside a `Weak`: the type needs no field. See below |
/// | `#[key(self.id)] &self` | one for the process, in which the expression's value is the first part of the key |
/// | `#[key(skip)] &self` | one for the process and all instances |
///
/// Where instances are in `Arc` or `Rc`, what is kept for one that has died goes at the next
/// calls on the type, or with [`purge`]: each call looks after up to eight instances in turn, a
/// new one after up to 512; beyond some hundred instances fewer, so that a call stays O(1).
/// Until then the `Weak` keeps the memory of the instance itself (its contents have gone),
/// and `Arc::get_mut` gives nothing (`Arc::make_mut` does, as a new instance). A hit takes the
/// lock of the method's table as well; with the field, instances have nothing in common.
/// A result that holds the instance's own `Arc` keeps it alive for good.
///
/// Methods may have type parameters of their own (`a.show_cache::<u8>()`), be `async`,
/// and stand in generic `impl`s: no two instantiations share entries. For
/// what a method alone can't tell, `#[lru_cache]` stands on the `impl` block as well:
/// for associated functions without `self`, and for the `impl` of a trait (the
/// controls then go to an inherent `impl`; where two traits have a method of one name,
/// `companion = …` tells them apart). Only methods with an attribute of their own
/// are memoized.
///
/// ```
/// # use lruheap::{CacheHost, InstanceCaches, lru_cache};
/// # trait Shape { fn area(&self) -> f64; }
/// #[derive(CacheHost)]
/// struct Circle { radius: f64, caches: InstanceCaches }
///
/// #[lru_cache]
/// impl Shape for Circle {
///     #[lru_cache]
///     fn area(&self) -> f64 {
///         self.radius * self.radius * std::f64::consts::PI
///     }
/// }
///
/// #[lru_cache]
/// impl Circle {
///     #[lru_cache(maxsize = 16)]
///     fn unit(segments: u32) -> Vec<(i32, i32)> {
///         let at = |i| std::f64::consts::TAU * f64::from(i) / f64::from(segments);
///         (0..segments).map(|i| ((at(i).cos() * 100.0) as i32, (at(i).sin() * 100.0) as i32)).collect()
///     }
/// }
///
/// let circle = Circle { radius: 1.0, caches: InstanceCaches::new() };
/// circle.area();
/// assert_eq!(circle.area_cache().cache_info().misses, 1);
/// Circle::unit(8);
/// assert!(Circle::unit_cache().cache_contains((8,)));
/// ```
///
/// The default method of a trait is memoized if [`CacheHost`](trait@CacheHost) is a
/// supertrait; the trait then has the controls as further methods and can't be used
/// as `dyn`, unless the method says `where Self: Sized`. An `impl` that memoizes the
/// method anew has the attribute on the method alone, not on the block: so the controls
/// of the trait are those of the method.
///
/// # Async functions
///
/// `uncached` and `cache_refresh` are async, the rest is not. Any runtime will
/// do. A dropped future stores nothing. With `scope = thread` the future stays
/// on its thread: it is not `Send`.
///
/// # Errors
///
/// Misuse is refused at compile time, with what to write instead: a parameter
/// that is not `Hash + Eq`, a result that is not `Clone` or that borrows,
/// `-> impl Trait`, a `&mut` parameter without `#[key(skip)]`, `const fn`, `&mut self`,
/// `&self` of a type that is no `CacheHost`,
/// unknown, repeated or contradicting options.
///
/// # Panics
///
/// Calls panic only where the body, a trait implementation of an argument or
/// result, or an expression among the options does. The cache stays usable. The
/// expressions of `maxsize`, `ttl` and `name` are evaluated at the first call (by
/// more than one thread, if several come first at once) and must not call the
/// function.
pub use lruheap_macros::lru_cache;

#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub use lruheap_core::testing;

/// What generated code calls. Nothing in here is covered by semantic versioning.
#[doc(hidden)]
pub mod __private {
    pub use lruheap_core::memo::*;
}

/// The README's code blocks, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
