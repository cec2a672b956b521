//! Caches that belong to an instance: what hangs on it, and the table of a
//! method that knows all of them by weak references.

use std::any::{Any, TypeId};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::share::Share;
use super::slot::{Chains, Entry};
use super::summary::{self, AnyCache, MethodCaches, Summary};
use crate::cache::{CacheBuilder, Engine, Home, Instance, OnceArc, Scope, Setup};
use crate::registry::{CacheReport, Listed};
use crate::stats::CacheParameters;

/// The caches of one instance's memoized methods: a field of a type with
/// `#[derive(CacheHost)]`.
///
/// It is one pointer wide and owns no memory before the first cached call. It
/// dies with the instance, and every cached value with it.
///
/// To whatever the host derives it is as if it were not there: a clone starts
/// empty, and all are equal. With the feature `serde` it is written as nothing
/// (`null` in JSON) and read from whatever is there or missing; `#[serde(skip)]`
/// on the field leaves it out altogether.
///
/// The caches belong to the data beside them: who moves this field to another
/// instance (`..old` in a struct expression, `mem::swap` on the field) moves what
/// was computed for the old data. Start with [`InstanceCaches::new`] there.
///
/// ```
/// use lruheap_core::InstanceCaches;
///
/// let caches = InstanceCaches::new();
/// assert_eq!(size_of::<InstanceCaches>(), size_of::<usize>());
/// assert_eq!(caches, caches.clone());
/// ```
pub struct InstanceCaches {
    chain: OnceArc<Link>,
}

/// One method's cache in an instance's chain, which grows at its end only.
struct Link {
    cache: Arc<dyn Kept>,
    next: OnceArc<Link>,
}

/// A cache in a chain, whatever its keys and values are.
pub(super) trait Kept: Send + Sync {
    /// Itself, with its types.
    fn as_any(&self) -> &dyn Any;

    /// The method, and the cache without its types.
    fn of(&self) -> Option<(&'static InstanceSlots, &dyn AnyCache)>;
}

/// The cache of one instance and method.
pub(super) struct Node<K, V> {
    engine: Engine<K, V, Hosting>,
    /// The node's place in the table.
    place: usize,
}

impl<K: Send + Sync + 'static, V: Send + Sync + 'static> Node<K, V> {
    pub(super) fn register(table: &'static InstanceTable) -> Arc<dyn Kept> {
        Arc::new_cyclic(|this: &Weak<Self>| Node {
            engine: Engine::new(table),
            place: table.live.lock().add(this.clone()),
        })
    }
}

impl<K: Send + Sync + 'static, V: Send + Sync + 'static> Kept for Node<K, V> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn of(&self) -> Option<(&'static InstanceSlots, &dyn AnyCache)> {
        Some((self.engine.setup().method, &self.engine))
    }
}

impl<K, V> Drop for Node<K, V> {
    fn drop(&mut self) {
        let gone = self.engine.setup().live.lock().remove(self.place);
        drop(gone);
    }
}

/// In the place of a first cache, where an instance was invalidated before it
/// had one.
impl Kept for () {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn of(&self) -> Option<(&'static InstanceSlots, &dyn AnyCache)> {
        None
    }
}

impl InstanceCaches {
    /// No caches yet.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        InstanceCaches {
            chain: OnceArc::new(),
        }
    }

    /// No caches yet.
    #[cfg(loom)]
    pub fn new() -> Self {
        InstanceCaches {
            chain: OnceArc::new(),
        }
    }

    /// Clears the caches of all methods of this instance, and zeroes their
    /// counters. What is being computed at this moment is returned to its
    /// caller, but not stored.
    pub fn clear(&self) {
        clear(self.chain.get(), None);
    }

    /// The node of a method, if it has been called on this instance.
    #[inline]
    fn find<K: 'static, V: 'static>(
        &self,
        method: &'static InstanceSlots,
        instantiation: TypeId,
    ) -> Option<&Node<K, V>> {
        let mut next = self.chain.get();
        while let Some(link) = next {
            match node_of(&*link.cache, method, instantiation) {
                Some(node) => return Some(node),
                None => next = link.next.get(),
            }
        }
        None
    }

    /// Adds a cache at the end, unless one that `is_same` comes in between.
    fn append(&self, cache: Arc<dyn Kept>, is_same: impl Fn(&dyn Kept) -> bool) {
        let mut link = Arc::new(Link {
            cache,
            next: OnceArc::new(),
        });
        let mut place = &self.chain;
        loop {
            match place.get() {
                Some(taken) if is_same(&*taken.cache) => return,
                Some(taken) => place = &taken.next,
                None => match place.set(link) {
                    Ok(()) => return,
                    Err(back) => link = back,
                },
            }
        }
    }

    /// For when the instance will have changed.
    fn stale(&self, only: Option<&'static InstanceSlots>) -> StaleChain {
        if self.chain.get().is_none() {
            // The body may make a first cached call, and then change something.
            self.append(Arc::new(()), |_| true);
        }
        StaleChain {
            first: self.chain.share(),
            only,
        }
    }
}

#[inline]
fn node_of<'h, K: 'static, V: 'static>(
    cache: &'h dyn Kept,
    method: &'static InstanceSlots,
    instantiation: TypeId,
) -> Option<&'h Node<K, V>> {
    let node: &Node<K, V> = cache.as_any().downcast_ref()?;
    let table = node.engine.setup();
    (ptr::eq(table.method, method) && table.instantiation == instantiation).then_some(node)
}

fn clear(first: Option<&Link>, only: Option<&'static InstanceSlots>) {
    let mut next = first;
    while let Some(link) = next {
        match link.cache.of() {
            Some((method, cache)) if only.is_none_or(|only| ptr::eq(only, method)) => cache.clear(),
            _ => {}
        }
        next = link.next.get();
    }
}

/// Clears an instance's caches, or those of one method, when it goes.
pub(super) struct StaleChain {
    first: Option<Arc<Link>>,
    only: Option<&'static InstanceSlots>,
}

impl Drop for StaleChain {
    fn drop(&mut self) {
        clear(self.first.as_deref(), self.only);
    }
}

impl Drop for InstanceCaches {
    fn drop(&mut self) {
        // One link after the other, so that a long chain needs no deep stack.
        let mut next = self.chain.take();
        while let Some(link) = next {
            next = Arc::into_inner(link).and_then(|mut link| link.next.take());
        }
    }
}

// A panic in code of the user's leaves the caches as they were.
impl UnwindSafe for InstanceCaches {}
impl RefUnwindSafe for InstanceCaches {}

impl Default for InstanceCaches {
    fn default() -> Self {
        InstanceCaches::new()
    }
}

impl Clone for InstanceCaches {
    /// Starts empty: what was computed belongs to the other instance.
    fn clone(&self) -> Self {
        InstanceCaches::new()
    }
}

impl fmt::Debug for InstanceCaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstanceCaches")
    }
}

impl PartialEq for InstanceCaches {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for InstanceCaches {}

impl PartialOrd for InstanceCaches {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for InstanceCaches {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Hash for InstanceCaches {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A type whose instances have caches of their own: `#[derive(CacheHost)]`, with
/// a field of type [`InstanceCaches`].
///
/// By hand, for a type that reaches its `InstanceCaches` in another way: every
/// call on one instance has to give the same one.
///
/// ```
/// use lruheap_core::{CacheHost, InstanceCaches};
///
/// enum Shape {
///     Circle { radius: u32, caches: InstanceCaches },
///     Square { side: u32, caches: InstanceCaches },
/// }
///
/// impl CacheHost for Shape {
///     type Identity = Self;
///
///     fn instance_caches(&self) -> &InstanceCaches {
///         match self {
///             Shape::Circle { caches, .. } | Shape::Square { caches, .. } => caches,
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no caches of its own for its memoized methods",
    label = "`{Self}` is no `CacheHost`",
    note = "write `#[derive(CacheHost)]` on the type and give it a field `caches: InstanceCaches`; for a default method of a trait, make `CacheHost` a supertrait",
    note = "or keep one cache for all instances: `#[key(self.id)] &self` with what identifies one of them, `#[key(skip)] &self` if the result does not depend on it"
)]
pub trait CacheHost {
    /// Names the type among the instantiations of a generic one: `Self`, or where
    /// that borrows, `Self` without lifetimes.
    type Identity: 'static;

    /// The field.
    fn instance_caches(&self) -> &InstanceCaches;
}

/// The static behind a method with a cache for each instance: one table for each
/// instantiation.
pub struct InstanceSlots {
    tables: Chains,
}

/// The caches that the instances of one type have for one method.
pub struct InstanceTable {
    method: &'static InstanceSlots,
    instantiation: TypeId,
    setup: Setup,
    live: Mutex<Live>,
}

#[derive(Default)]
struct Live {
    nodes: Vec<Option<Weak<dyn Kept>>>,
    free: Vec<usize>,
}

impl Live {
    fn add(&mut self, node: Weak<dyn Kept>) -> usize {
        if let Some(place) = self.free.pop() {
            self.nodes[place] = Some(node);
            return place;
        }
        self.nodes.push(Some(node));
        self.nodes.len() - 1
    }

    fn remove(&mut self, place: usize) -> Option<Weak<dyn Kept>> {
        let node = self.nodes[place].take();
        self.free.push(place);
        if self.free.len() == self.nodes.len() {
            // Nobody is left: the memory of a crowd goes back.
            self.nodes.clear();
            self.free.clear();
            self.nodes.shrink_to(64);
            self.free.shrink_to(64);
        }
        node
    }
}

/// The scope of an instance's cache: a node has its table as its setup.
pub enum Hosting {}

impl Scope for Hosting {
    type Gate<T> = <Instance as Scope>::Gate<T>;
    type Setup = &'static InstanceTable;
}

impl Borrow<Setup> for &'static InstanceTable {
    fn borrow(&self) -> &Setup {
        &self.setup
    }
}

/// How many instances are looked at under one lock.
const BATCH: usize = 256;

impl Summary for InstanceTable {
    fn name(&self) -> &str {
        &self.setup.settings.name
    }

    fn parameters(&self) -> CacheParameters {
        self.setup.parameters()
    }

    fn each(&self, visit: &mut dyn FnMut(&dyn AnyCache)) {
        let mut from = 0;
        loop {
            let batch: Vec<Arc<dyn Kept>> = {
                let live = self.live.lock();
                let Some(rest) = live.nodes.get(from..).filter(|rest| !rest.is_empty()) else {
                    return;
                };
                from += BATCH;
                let batch = rest.iter().take(BATCH).flatten();
                batch.filter_map(Weak::upgrade).collect()
            };
            // Outside the lock: these may be the last to hold what they hold.
            for node in batch {
                if let Some((_, cache)) = node.of() {
                    visit(cache);
                }
            }
        }
    }
}

impl Listed for InstanceTable {
    fn report(&self) -> Option<CacheReport> {
        summary::report(self)
    }

    fn purge(&self) -> usize {
        summary::purge(self)
    }
}

impl Entry for InstanceTable {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn listed(&self) -> &(dyn Listed + Sync) {
        self
    }

    fn summary(&self) -> &(dyn Summary + Sync) {
        self
    }
}

impl InstanceSlots {
    /// No tables yet, and no memory.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        InstanceSlots {
            tables: Chains::new(),
        }
    }

    fn table(
        &'static self,
        instantiation: TypeId,
        build: impl FnOnce() -> CacheBuilder,
    ) -> &'static InstanceTable {
        let table = self.tables.get(instantiation, || {
            Box::new(InstanceTable {
                method: self,
                instantiation,
                setup: build().setup(),
                live: Mutex::default(),
            })
        });
        let table = table.as_any().downcast_ref();
        table.expect("there are tables only")
    }

    /// The instance's cache, made at its first call.
    #[inline]
    pub fn home<'h, H: ?Sized, K: 'static, V: 'static>(
        &'static self,
        hosted: Hosted<H>,
        host: &'h H,
        share: Share<K, V>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> OfInstance<'h, K, V> {
        let caches = (hosted.caches)(host);
        let node = match caches.find(self, hosted.instantiation) {
            Some(node) => node,
            None => self.fill(hosted.instantiation, caches, share, build),
        };
        OfInstance(&node.engine)
    }

    #[cold]
    fn fill<'h, K: 'static, V: 'static>(
        &'static self,
        instantiation: TypeId,
        caches: &'h InstanceCaches,
        share: Share<K, V>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> &'h Node<K, V> {
        let node = (share.node)(self.table(instantiation, build));
        caches.append(node, |cache| {
            node_of::<K, V>(cache, self, instantiation).is_some()
        });
        // Where another thread was first, its node is the one that is found.
        let node = caches.find(self, instantiation);
        node.expect("it was appended just now")
    }

    /// `Type::m_caches()`
    pub fn caches<H: ?Sized>(
        &'static self,
        hosted: Hosted<H>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> MethodCaches {
        MethodCaches::shared(self.table(hosted.instantiation, build))
    }
}

/// What is known of a type that is a [`CacheHost`], so that it is asked for once.
pub struct Hosted<H: ?Sized> {
    caches: fn(&H) -> &InstanceCaches,
    instantiation: TypeId,
}

impl<H: ?Sized> Clone for Hosted<H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: ?Sized> Copy for Hosted<H> {}

/// Asks that a type is a host. `I` tells the instantiations of a method apart that
/// has type parameters of its own.
#[inline]
pub fn hosted<H: CacheHost + ?Sized, I: 'static>(_: I) -> Hosted<H> {
    Hosted {
        caches: H::instance_caches,
        instantiation: TypeId::of::<(H::Identity, I)>(),
    }
}

/// The cache of an instance, as calls have it.
pub struct OfInstance<'h, K, V>(&'h Engine<K, V, Hosting>);

impl<K, V> Home for OfInstance<'_, K, V> {
    type Key = K;
    type Value = V;
    type Scope = Hosting;

    fn engine(&self) -> &Engine<K, V, Hosting> {
        self.0
    }
}

/// For a method that changes the instance: all its caches.
pub(super) fn stale<H: CacheHost + ?Sized>(host: &H) -> StaleChain {
    host.instance_caches().stale(None)
}

/// The same for one method.
pub(super) fn stale_method<H: CacheHost + ?Sized>(
    host: &H,
    method: &'static InstanceSlots,
) -> StaleChain {
    host.instance_caches().stale(Some(method))
}

#[cfg(feature = "serde")]
mod serde {
    use super::InstanceCaches;
    use serde::de::{Deserialize, Deserializer, IgnoredAny};
    use serde::ser::{Serialize, Serializer};

    impl Serialize for InstanceCaches {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_none()
        }
    }

    impl<'de> Deserialize<'de> for InstanceCaches {
        /// As an option, so that a field that is missing is no error.
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Option::<IgnoredAny>::deserialize(deserializer)?;
            Ok(InstanceCaches::new())
        }
    }
}
