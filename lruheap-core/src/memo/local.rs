//! Where the caches of a function with `scope = thread` live: in each thread's
//! own storage, and gone with the thread.

use std::any::{Any, TypeId};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::thread::LocalKey;

use crate::cache::{CacheBuilder, Engine, Home, Thread};

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
        LocalSlot {
            cache: OnceCell::new(),
        }
    }

    /// This thread's cache. While the thread is being torn down and its caches
    /// have gone, a new and empty one.
    #[inline]
    pub fn get(key: &'static LocalKey<Self>, build: impl FnOnce() -> CacheBuilder) -> Local<K, V> {
        let mut build = Some(build);
        let mut make = || {
            Local::build(
                build
                    .take()
                    .map_or_else(CacheBuilder::default, |build| build()),
            )
        };
        match key.try_with(|slot| slot.cache.get().cloned()) {
            Ok(Some(local)) => local,
            // Built outside `with`: building runs the user's expressions.
            Ok(None) => {
                let local = make();
                key.try_with(|slot| slot.cache.get_or_init(|| local.clone()).clone())
                    .unwrap_or(local)
            }
            Err(_) => make(),
        }
    }
}

/// What a thread keeps for a generic function with `scope = thread`.
pub struct LocalSlots {
    caches: RefCell<Vec<(TypeId, Box<dyn Any>)>>,
}

impl LocalSlots {
    /// No caches yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        LocalSlots {
            caches: RefCell::new(Vec::new()),
        }
    }

    /// This thread's cache of the instantiation `I`. While the thread is being
    /// torn down and its caches have gone, a new and empty one.
    pub fn get<I, K, V>(
        key: &'static LocalKey<Self>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> Local<K, V>
    where
        I: 'static,
        K: 'static,
        V: 'static,
    {
        let instance = TypeId::of::<I>();
        if let Ok(Some(local)) = key.try_with(|slots| slots.find(instance)) {
            return local;
        }
        // Built outside `with`: building runs the user's expressions, which may
        // have come here themselves.
        let local = Local::build(build());
        let kept = key.try_with(|slots| {
            slots.find(instance).unwrap_or_else(|| {
                let cache = Box::new(local.clone());
                slots.caches.borrow_mut().push((instance, cache));
                local.clone()
            })
        });
        kept.unwrap_or(local)
    }

    fn find<K: 'static, V: 'static>(&self, instance: TypeId) -> Option<Local<K, V>> {
        let caches = self.caches.borrow();
        let (_, cache) = caches.iter().find(|(kept, _)| *kept == instance)?;
        cache.downcast_ref::<Local<K, V>>().cloned()
    }
}
