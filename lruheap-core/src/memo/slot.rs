//! Where the cache of a function lives: a static that is empty until the
//! first call, one for each thread, or one for each instantiation.

use std::any::{Any, TypeId};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;
use std::thread::LocalKey;

use crate::cache::{Cache, CacheBuilder, Engine, Home, Thread};
use crate::key::Shareable;

/// The static behind a function.
pub struct Slot<K, V> {
    cache: OnceLock<Cache<K, V>>,
}

impl<K, V> Slot<K, V> {
    /// An empty slot, which owns no memory.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Slot { cache: OnceLock::new() }
    }

    /// The cache, built at the first call.
    #[inline]
    pub fn get(&'static self, build: impl FnOnce() -> CacheBuilder) -> &'static Cache<K, V> {
        self.cache.get_or_init(|| build().cache())
    }
}

/// How many chains a [`Slots`] has: instantiations are spread over them.
const CHAINS: usize = 8;

/// The static behind a generic function: one cache for each instantiation.
///
/// A static in a generic function is one for all its instantiations, so the
/// caches are told apart by type. The chains only ever grow at their ends, and
/// are walked without a lock.
pub struct Slots {
    chains: [OnceLock<Box<Link>>; CHAINS],
}

struct Link {
    instance: TypeId,
    cache: Box<dyn Any + Send + Sync>,
    next: OnceLock<Box<Link>>,
}

impl Slots {
    /// No caches yet, and no memory.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Slots { chains: [const { OnceLock::new() }; CHAINS] }
    }

    /// The cache of the instantiation `I`, built at its first call.
    #[inline]
    pub fn get<I, K, V>(&'static self, build: impl FnOnce() -> CacheBuilder) -> &'static Cache<K, V>
    where
        I: 'static,
        K: Shareable,
        V: Shareable,
    {
        let instance = TypeId::of::<I>();
        let mut build = Some(build);
        let mut place = &self.chains[chain(instance)];
        loop {
            let link = place.get_or_init(|| {
                let builder = build.take().map_or_else(CacheBuilder::default, |build| build());
                let cache: Cache<K, V> = builder.cache();
                Box::new(Link { instance, cache: Box::new(cache), next: OnceLock::new() })
            });
            if link.instance == instance {
                return link.cache.downcast_ref().expect("an instantiation has one key and value type");
            }
            place = &link.next;
        }
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

/// The cache of one thread.
pub struct Local<K, V>(Rc<Engine<K, V, Thread>>);

impl<K, V> Clone for Local<K, V> {
    fn clone(&self) -> Self {
        Local(Rc::clone(&self.0))
    }
}

impl<K, V> Home for Local<K, V> {
    type Key = K;
    type Value = V;
    type Scope = Thread;

    fn engine(&self) -> &Engine<K, V, Thread> {
        &self.0
    }
}

impl<K, V> Local<K, V> {
    fn build(builder: CacheBuilder) -> Self {
        Local(Rc::new(builder.engine()))
    }

    /// `f::cache_info`
    pub fn info(&self) -> crate::CacheInfo {
        self.0.info()
    }

    /// `f::cache_parameters`
    pub fn parameters(&self) -> crate::CacheParameters {
        self.0.parameters()
    }

    /// `f::cache_clear`
    pub fn clear(&self) {
        self.0.clear();
    }

    /// `f::cache_purge`
    pub fn purge(&self) -> usize {
        self.0.purge()
    }

    /// `f::cache_resize`
    pub fn resize(&self, maxsize: impl Into<Option<usize>>) {
        self.0.resize(maxsize.into());
    }
}

/// What a thread keeps for a function with `scope = thread`.
pub struct LocalSlot<K, V> {
    cache: OnceCell<Local<K, V>>,
}

impl<K: 'static, V: 'static> LocalSlot<K, V> {
    /// An empty slot.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        LocalSlot { cache: OnceCell::new() }
    }

    /// This thread's cache. While the thread is being torn down and its caches
    /// have gone, a new and empty one.
    #[inline]
    pub fn get(key: &'static LocalKey<Self>, build: impl FnOnce() -> CacheBuilder) -> Local<K, V> {
        let mut build = Some(build);
        let mut make = || Local::build(build.take().map_or_else(CacheBuilder::default, |build| build()));
        match key.try_with(|slot| slot.cache.get().cloned()) {
            Ok(Some(local)) => local,
            // Built outside `with`: building runs the user's expressions.
            Ok(None) => {
                let local = make();
                key.try_with(|slot| slot.cache.get_or_init(|| local.clone()).clone()).unwrap_or(local)
            }
            Err(_) => make(),
        }
    }
}

/// What a thread keeps for a generic function with `scope = thread`.
pub struct LocalSlots {
    caches: RefCell<HashMap<TypeId, Box<dyn Any>>>,
}

impl LocalSlots {
    /// No caches yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        LocalSlots { caches: RefCell::default() }
    }

    /// This thread's cache of the instantiation `I`.
    pub fn get<I, K, V>(key: &'static LocalKey<Self>, build: impl FnOnce() -> CacheBuilder) -> Local<K, V>
    where
        I: 'static,
        K: 'static,
        V: 'static,
    {
        let instance = TypeId::of::<I>();
        let found = key.try_with(|slots| {
            slots.caches.borrow().get(&instance).and_then(|cache| cache.downcast_ref::<Local<K, V>>().cloned())
        });
        if let Ok(Some(local)) = found {
            return local;
        }
        let local = Local::build(build());
        let kept = key.try_with(|slots| {
            let mut caches = slots.caches.borrow_mut();
            let cache = caches.entry(instance).or_insert_with(|| Box::new(local.clone()));
            cache.downcast_ref::<Local<K, V>>().cloned()
        });
        kept.ok().flatten().unwrap_or(local)
    }
}
