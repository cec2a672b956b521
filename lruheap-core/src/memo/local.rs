//! Where the caches of a function with `scope = thread` live: in each thread's
//! own storage, and gone with the thread.

// A hit is to come down to a few instructions, in whatever it stands.
#![allow(clippy::inline_always)]

use std::any::{Any, TypeId};
use std::cell::{OnceCell, RefCell};
use std::rc::{Rc, Weak};
use std::thread::LocalKey;

use super::place::AtOnce;
use super::summary::{MethodCaches, Summary};
use super::tracked::{OfPointer, Tracked};
use crate::cache::{Asked, CacheBuilder, Engine, Home, Thread, Values};
use crate::key::Part;
use crate::registry::{self, Listed};

/// The cache of one thread.
pub struct Local<K: 'static, V: 'static> {
    /// Where the thread keeps it, if it does, under a name of its own.
    kept: Option<&'static LocalKey<LocalSlot<K, V>>>,
    /// Itself, where it is needed for longer.
    engine: OnceCell<Rc<Engine<K, V, Thread>>>,
}

impl<K, V> Home for Local<K, V> {
    type Key = K;
    type Value = V;
    type Scope = Thread;

    #[inline]
    fn engine(&self) -> &Engine<K, V, Thread> {
        self.engine.get_or_init(|| {
            let kept = self
                .kept
                .and_then(|key| key.try_with(LocalSlot::engine).ok());
            kept.flatten()
                .expect("a thread that is not torn down keeps its caches")
        })
    }
}

impl<K, V> Local<K, V> {
    fn of(engine: Rc<Engine<K, V, Thread>>) -> Self {
        Local {
            kept: None,
            engine: OnceCell::from(engine),
        }
    }

    /// `f::cache_info`
    pub fn info(&self) -> crate::CacheInfo {
        self.engine().info()
    }

    /// `f::cache_parameters`
    pub fn parameters(&self) -> crate::CacheParameters {
        self.engine().parameters()
    }

    /// `f::cache_clear`
    pub fn clear(&self) {
        self.engine().clear();
    }

    /// `f::cache_purge`
    pub fn purge(&self) -> usize {
        self.engine().purge()
    }

    /// `f::cache_resize`
    pub fn resize(&self, maxsize: impl Into<Option<usize>>) {
        self.engine().resize(maxsize.into());
    }
}

/// Where each thread keeps its cache of a function.
pub struct LocalPlace<K: 'static, V: 'static>(pub &'static LocalKey<LocalSlot<K, V>>);

impl<K, V> LocalPlace<K, V> {
    /// This thread's cache.
    pub fn get(self, build: impl FnOnce() -> CacheBuilder) -> Local<K, V> {
        LocalSlot::get(self.0, build)
    }
}

impl<K, V> AtOnce<K, V> for LocalPlace<K, V> {
    #[inline(always)]
    fn at_once<P: Part<Owned = K>>(&self, part: &P, values: &impl Values<V>) -> Result<V, Asked> {
        let found = self.0.try_with(|slot| match slot.cache.get() {
            Some(cache) => cache.at_once(part, values),
            None => Err(Asked::NOTHING),
        });
        found.unwrap_or(Err(Asked::NOTHING))
    }
}

/// What a thread keeps for a function with `scope = thread`.
pub struct LocalSlot<K, V> {
    cache: OnceCell<Rc<Engine<K, V, Thread>>>,
}

impl<K: 'static, V: 'static> LocalSlot<K, V> {
    /// An empty slot.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        LocalSlot {
            cache: OnceCell::new(),
        }
    }

    /// This thread's cache. While the thread is being torn down and its caches
    /// have gone, a new and empty one.
    pub fn get(key: &'static LocalKey<Self>, build: impl FnOnce() -> CacheBuilder) -> Local<K, V> {
        match key.try_with(|slot| slot.cache.get().is_some()) {
            Ok(true) => Local {
                kept: Some(key),
                engine: OnceCell::new(),
            },
            // Built outside `with`: building runs the user's expressions.
            _ => LocalSlot::fill(key, Rc::new(build().engine())),
        }
    }

    #[cold]
    fn fill(key: &'static LocalKey<Self>, new: Rc<Engine<K, V, Thread>>) -> Local<K, V> {
        let kept = key.try_with(|slot| {
            let kept = slot.cache.get_or_init(|| {
                let listed: Weak<Engine<K, V, Thread>> = Rc::downgrade(&new);
                registry::add_local(listed);
                Rc::clone(&new)
            });
            Rc::clone(kept)
        });
        Local::of(kept.unwrap_or(new))
    }

    fn engine(&self) -> Option<Rc<Engine<K, V, Thread>>> {
        self.cache.get().cloned()
    }
}

/// What a thread keeps for an instantiation.
trait LocalEntry {
    fn as_any(&self) -> &dyn Any;
    fn summary(&self) -> Rc<dyn Summary>;
    fn listed(&self) -> Weak<dyn Listed>;
}

impl<E: Summary + Listed + 'static> LocalEntry for Rc<E> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn summary(&self) -> Rc<dyn Summary> {
        Rc::clone(self) as _
    }

    fn listed(&self) -> Weak<dyn Listed> {
        let listed: Weak<E> = Rc::downgrade(self);
        listed
    }
}

/// What a thread keeps for a generic function or a method, by instantiation.
pub struct LocalSlots {
    entries: RefCell<Vec<(TypeId, Box<dyn LocalEntry>)>>,
}

impl LocalSlots {
    /// Nothing yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        LocalSlots {
            entries: RefCell::new(Vec::new()),
        }
    }

    /// This thread's cache of the instantiation `I`.
    pub fn get<I: 'static, K: 'static, V: 'static>(
        key: &'static LocalKey<Self>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> Local<K, V> {
        Self::of(key, TypeId::of::<I>(), build)
    }

    /// The same for a method, by its [`identity`](super::identity).
    pub fn of<K: 'static, V: 'static>(
        key: &'static LocalKey<Self>,
        instantiation: TypeId,
        build: impl FnOnce() -> CacheBuilder,
    ) -> Local<K, V> {
        Local::of(entry(key, instantiation, || build().engine()))
    }

    /// The cache of an instance, made at its first call.
    pub fn home<T: 'static, K: 'static, V: 'static>(
        key: &'static LocalKey<Self>,
        instantiation: TypeId,
        this: &Rc<T>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> OfPointer<Rc<T>, K, V> {
        entry(key, instantiation, || Tracked::local(build())).cache(this)
    }

    /// `Type::m_caches()`, where all instances share one.
    pub fn shared_caches<K: 'static, V: 'static>(
        key: &'static LocalKey<Self>,
        instantiation: TypeId,
        build: impl FnOnce() -> CacheBuilder,
    ) -> MethodCaches {
        MethodCaches::local(entry::<Engine<K, V, Thread>>(key, instantiation, || {
            build().engine()
        }))
    }

    /// `Type::m_caches()`, where each has its own.
    pub fn caches<T: 'static, K: 'static, V: 'static>(
        key: &'static LocalKey<Self>,
        instantiation: TypeId,
        build: impl FnOnce() -> CacheBuilder,
    ) -> MethodCaches {
        let make = || Tracked::<Rc<T>, K, V>::local(build());
        MethodCaches::local(entry(key, instantiation, make))
    }

    fn find<E: 'static>(&self, instance: TypeId) -> Option<Rc<E>> {
        let entries = self.entries.borrow();
        let (_, entry) = entries.iter().find(|(kept, _)| *kept == instance)?;
        (**entry).as_any().downcast_ref::<Rc<E>>().cloned()
    }
}

/// This thread's entry for an instantiation. While the thread is being torn
/// down and its entries have gone, a new and empty one.
fn entry<E: Summary + Listed + 'static>(
    key: &'static LocalKey<LocalSlots>,
    instance: TypeId,
    make: impl FnOnce() -> E,
) -> Rc<E> {
    if let Ok(Some(entry)) = key.try_with(|slots| slots.find(instance)) {
        return entry;
    }
    // Made outside `with`: making runs the user's expressions, which may have
    // come here themselves.
    let new = Rc::new(make());
    let kept = key.try_with(|slots| {
        slots.find(instance).unwrap_or_else(|| {
            let entry = Box::new(Rc::clone(&new));
            registry::add_local(entry.listed());
            slots.entries.borrow_mut().push((instance, entry));
            Rc::clone(&new)
        })
    });
    kept.unwrap_or(new)
}

/// The instance at this address has changed: outdates what this thread keeps.
pub(super) fn outdate(key: &'static LocalKey<LocalSlots>, instance: usize) {
    let entries = key.try_with(|slots| {
        let entries = slots.entries.borrow();
        let entries = entries.iter().map(|(_, entry)| entry.summary());
        entries.collect::<Vec<_>>()
    });
    for entry in entries.unwrap_or_default() {
        entry.outdate(instance);
    }
}
