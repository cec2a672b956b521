//! Where the caches live that all threads share: statics that are empty until the
//! first call, with one cache, or with one for each instantiation.

// A hit is to come down to a few instructions, in whatever it stands.
#![allow(clippy::inline_always)]

use std::any::{Any, TypeId};
use std::sync::OnceLock;

use super::place::AtOnce;
use super::summary::{MethodCaches, Summary};
use crate::cache::{Asked, Cache, CacheBuilder, Shared, Values};
use crate::key::Part;
use crate::registry::{self, Listed};

/// The static behind a function.
///
/// It is `Sync` whatever `K` and `V` are, so that a type that threads may not
/// share is refused in one place, the `hold` functions, with a message of its own.
pub struct Slot<K, V> {
    cache: OnceLock<Shared<Cache<K, V>>>,
}

impl<K, V> Slot<K, V> {
    /// An empty slot, which owns no memory.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Slot {
            cache: OnceLock::new(),
        }
    }

    /// The cache, built at the first call.
    #[inline]
    pub fn get(
        &'static self,
        share: Share<K, V>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> &'static Cache<K, V> {
        match self.cache.get() {
            Some(cache) => cache,
            None => self.fill((share.cache)(build()), share.listed),
        }
    }

    /// Building runs the user's expressions, which may call the function: it
    /// has happened by now, outside of the lock. The first to be done stays.
    #[cold]
    fn fill(
        &'static self,
        built: Shared<Cache<K, V>>,
        listed: AsListed<K, V>,
    ) -> &'static Cache<K, V> {
        let mut built = Some(built);
        registry::add(|| {
            let built = built.take_if(|_| self.cache.get().is_none())?;
            let _ = self.cache.set(built);
            self.cache.get().map(|cache| listed(cache))
        });
        self.cache.get().expect("it is filled by now")
    }
}

impl<K, V> AtOnce<K, V> for &'static Slot<K, V> {
    #[inline(always)]
    fn at_once<P: Part<Owned = K>>(&self, part: &P, values: &impl Values<V>) -> Result<V, Asked> {
        match self.cache.get() {
            Some(cache) => cache.as_engine().at_once(part, values),
            None => Err(Asked::NOTHING),
        }
    }
}

/// A cache as the registry sees it.
pub(super) type AsListed<K, V> = fn(&Cache<K, V>) -> &(dyn Listed + Sync);

/// Makes the caches of keys and values that threads may share.
///
/// Made by `hold…`, which ask that. Functions rather than methods with bounds, so
/// that whoever is handed one need not ask again.
pub struct Share<K, V> {
    /// For a function.
    pub(super) cache: fn(CacheBuilder) -> Shared<Cache<K, V>>,
    pub(super) listed: AsListed<K, V>,
    /// For an instantiation of one: a `Cache<K, V>`.
    pub(super) entry: fn(CacheBuilder) -> Box<dyn Entry>,
}

impl<K, V> Clone for Share<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Share<K, V> {}

/// What lies in a static for an instantiation.
pub(super) trait Entry: Send + Sync {
    /// Itself, with its types.
    fn as_any(&self) -> &dyn Any;

    /// Itself, for the registry.
    fn listed(&self) -> &(dyn Listed + Sync);

    /// Itself, as the caches of a method.
    fn summary(&self) -> &(dyn Summary + Sync);
}

impl<K: Send + Sync + 'static, V: Send + Sync + 'static> Entry for Cache<K, V> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn listed(&self) -> &(dyn Listed + Sync) {
        self.as_engine()
    }

    fn summary(&self) -> &(dyn Summary + Sync) {
        self.as_engine()
    }
}

/// How many chains a [`Chains`] has: instantiations are spread over them.
const CHAINS: usize = 8;

/// One entry for each instantiation.
///
/// A static in a generic function is one for all its instantiations, so its
/// entries are told apart by type. The chains only ever grow at their ends, and
/// are walked without a lock.
pub(super) struct Chains {
    chains: [OnceLock<Box<Link>>; CHAINS],
}

struct Link {
    instance: TypeId,
    entry: Box<dyn Entry>,
    next: OnceLock<Box<Link>>,
}

impl Chains {
    /// No entries yet, and no memory.
    pub(super) const fn new() -> Self {
        Chains {
            chains: [const { OnceLock::new() }; CHAINS],
        }
    }

    /// The entry of an instantiation, made at its first call.
    pub(super) fn get(
        &'static self,
        instance: TypeId,
        make: impl FnOnce() -> Box<dyn Entry>,
    ) -> &'static dyn Entry {
        let mut place = &self.chains[chain(instance)];
        let mut ready: Option<Box<Link>> = None;
        let mut make = Some(make);
        loop {
            if let Some(link) = place.get() {
                if link.instance == instance {
                    return &*link.entry;
                }
                place = &link.next;
                continue;
            }
            // Made before the place is taken, and by nobody else's leave: making
            // runs the user's expressions, which may come back here.
            if let Some(make) = make.take() {
                ready = Some(Box::new(Link {
                    instance,
                    entry: make(),
                    next: OnceLock::new(),
                }));
                continue;
            }
            if let Some(link) = ready.take() {
                // Where another thread was first, the walk goes on from its link.
                registry::add(|| {
                    ready = place.set(link).err();
                    let link = place.get().filter(|_| ready.is_none())?;
                    Some(link.entry.listed())
                });
            }
        }
    }

    pub(super) fn outdate(&self, instance: usize) {
        for first in &self.chains {
            let mut place = first;
            while let Some(link) = place.get() {
                link.entry.summary().outdate(instance);
                place = &link.next;
            }
        }
    }
}

/// The static behind a generic function, or a method whose instances share one
/// cache.
pub struct Slots {
    chains: Chains,
}

impl Slots {
    /// No caches yet, and no memory.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Slots {
            chains: Chains::new(),
        }
    }

    /// The cache of the instantiation `I`, built at its first call.
    ///
    /// # Panics
    ///
    /// If `I` comes with other types for `K` and `V` than before.
    pub fn get<I: 'static, K: 'static, V: 'static>(
        &'static self,
        share: Share<K, V>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> &'static Cache<K, V> {
        self.of(TypeId::of::<I>(), share, build)
    }

    /// The same for a method, by its [`identity`](super::identity).
    ///
    /// # Panics
    ///
    /// If `instantiation` comes with other types for `K` and `V` than before.
    pub fn of<K: 'static, V: 'static>(
        &'static self,
        instantiation: TypeId,
        share: Share<K, V>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> &'static Cache<K, V> {
        let entry = self.chains.get(instantiation, || (share.entry)(build()));
        let cache = entry.as_any().downcast_ref();
        cache.expect("an instantiation has one key and value type")
    }

    /// `Type::m_caches()`, where all instances share one.
    pub fn caches<K, V>(
        &'static self,
        instantiation: TypeId,
        share: Share<K, V>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> MethodCaches {
        let entry = self.chains.get(instantiation, || (share.entry)(build()));
        MethodCaches::shared(entry.summary())
    }

    pub(super) fn outdate(&self) {
        self.chains.outdate(0);
    }
}

#[allow(clippy::cast_possible_truncation)]
fn chain(instance: TypeId) -> usize {
    use std::hash::{BuildHasher, BuildHasherDefault};
    // A `TypeId` is a hash already; any spread of it will do.
    BuildHasherDefault::<Spread>::default().hash_one(instance) as usize % CHAINS
}

#[derive(Default)]
struct Spread(u64);

impl std::hash::Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }
}
