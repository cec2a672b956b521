//! Caches that belong to an instance: what hangs on it. The table of a method,
//! which knows all of them by weak references, is next door.

mod table;

use std::any::{Any, TypeId};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr;
use std::sync::Arc;

use super::summary::AnyCache;
use crate::cache::OnceArc;
use crate::turns::Turns;

pub(super) use table::Node;
pub use table::{Hosted, InstanceSlots, OfInstance, ShareNode, hosted};

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

    /// It has another place in its table.
    fn move_to(&self, _place: usize) {}
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
            match table::node_of(&*link.cache, method, instantiation) {
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

fn clear(first: Option<&Link>, only: Option<&'static InstanceSlots>) {
    let mut turns = Turns::default();
    let mut next = first;
    while let Some(link) = next {
        match link.cache.of() {
            Some((method, cache)) if only.is_none_or(|only| ptr::eq(only, method)) => {
                turns.take(|| cache.clear());
            }
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
    /// The field.
    fn instance_caches(&self) -> &InstanceCaches;
}

/// What can be the field for the caches: nothing but themselves. A field that merely
/// leads to some could be shared by several instances.
#[diagnostic::on_unimplemented(
    message = "the field for the caches is of type `{Self}`",
    label = "not `InstanceCaches`",
    note = "the caches belong to one instance: give it a field `caches: InstanceCaches` of its own"
)]
pub trait FieldForCaches {
    /// Itself.
    fn caches(&self) -> &InstanceCaches;
}

impl FieldForCaches for InstanceCaches {
    fn caches(&self) -> &InstanceCaches {
        self
    }
}

/// The caches in a field.
#[inline]
pub fn field<F: FieldForCaches>(field: &F) -> &InstanceCaches {
    field.caches()
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
