//! Caches of instances that are held in `Arc` or `Rc` and have no field for them:
//! a table finds an instance's cache by its address, beside a weak reference.
//!
//! While the weak reference is held, the allocation stays and no other instance
//! can come to its address; once it is let go, the cache has gone with it. So an
//! address never leads to what another instance left behind.

use std::any::{Any, TypeId};
use std::borrow::Borrow;
use std::marker::PhantomData;
use std::ops::Deref;
use std::rc::{self, Rc};
use std::sync::{self, Arc};

use super::slot::{Chains, Entry};
use super::summary::{AnyCache, MethodCaches, Summary};
use crate::cache::{CacheBuilder, Engine, Gate, Home, Instance, LocalInstance, Logged, Scope};
use crate::registry::Listed;
use crate::stats::CacheParameters;
use crate::store::{Slot, Store};
use crate::turns;

/// How many instances a call looks after, those that were looked after the longest
/// time ago. More than one only where they are few: each is somewhere else in memory.
fn round(instances: usize) -> usize {
    if instances <= 64 { 8 } else { 1 }
}

/// How many when an instance is new: small tables are looked over whole, and large
/// ones faster than they grow.
fn long_round(instances: usize) -> usize {
    if instances <= 512 { instances } else { 32 }
}

/// `Arc` or `Rc`: what an instance is held in, and its cache as well.
pub trait Pointer {
    /// What leaves the instance to its owners.
    type Weak;
    /// The same pointer to something else.
    type To<T>: Deref<Target = T> + Clone;
    /// Who shares the cache.
    type Scope: Scope<Setup: Clone>;

    /// Where the instance is.
    fn address(&self) -> usize;
    /// A weak reference to it.
    fn downgrade(&self) -> Self::Weak;
    /// Whether it has gone.
    fn is_gone(weak: &Self::Weak) -> bool;
    /// A pointer to `value`.
    fn to<T>(value: T) -> Self::To<T>;
}

impl<T> Pointer for Arc<T> {
    type Weak = sync::Weak<T>;
    type To<U> = Arc<U>;
    type Scope = Instance;

    #[inline]
    fn address(&self) -> usize {
        Arc::as_ptr(self).addr()
    }

    fn downgrade(&self) -> Self::Weak {
        Arc::downgrade(self)
    }

    #[inline]
    fn is_gone(weak: &Self::Weak) -> bool {
        weak.strong_count() == 0
    }

    fn to<U>(value: U) -> Arc<U> {
        Arc::new(value)
    }
}

impl<T> Pointer for Rc<T> {
    type Weak = rc::Weak<T>;
    type To<U> = Rc<U>;
    type Scope = LocalInstance;

    #[inline]
    fn address(&self) -> usize {
        Rc::as_ptr(self).addr()
    }

    fn downgrade(&self) -> Self::Weak {
        Rc::downgrade(self)
    }

    #[inline]
    fn is_gone(weak: &Self::Weak) -> bool {
        weak.strong_count() == 0
    }

    fn to<U>(value: U) -> Rc<U> {
        Rc::new(value)
    }
}

type EngineOf<P, K, V> = Engine<K, V, <P as Pointer>::Scope>;
type CacheOf<P, K, V> = <P as Pointer>::To<EngineOf<P, K, V>>;
type GateOf<P, T> = <<P as Pointer>::Scope as Scope>::Gate<T>;
type SetupOf<P> = <<P as Pointer>::Scope as Scope>::Setup;

struct Watch<P: Pointer, K, V> {
    address: usize,
    life: P::Weak,
    cache: CacheOf<P, K, V>,
}

/// The instances of one type and the caches kept for them, in the order in which
/// they were looked after last.
struct Watched<P: Pointer, K, V>(Store<Watch<P, K, V>>);

/// No gate of theirs has a way in for readers.
impl<P: Pointer, K, V> Logged for Watched<P, K, V> {
    fn hits(&self) -> u64 {
        0
    }

    fn writes(&self) -> u64 {
        0
    }

    fn entries(&self) -> usize {
        self.0.len()
    }

    fn hit(&mut self, _slot: Slot) {}

    fn hit_at_once(&mut self, _slot: Slot) -> bool {
        false
    }

    fn take_up(&mut self, _hits: u64, _used: &[Slot]) {}
}

/// What has been taken out, for the caller to drop outside the gate.
type Dead<P, K, V> = Vec<Watch<P, K, V>>;

impl<P: Pointer, K, V> Watched<P, K, V> {
    #[inline]
    fn slot(&self, address: usize) -> Option<Slot> {
        let is_it = |slot: &Slot| self.0.payload(*slot).address == address;
        self.0.candidates(hash(address)).find(is_it)
    }

    #[inline]
    fn find(&self, address: usize) -> Option<CacheOf<P, K, V>> {
        let slot = self.slot(address)?;
        Some(self.0.payload(slot).cache.clone())
    }

    /// Takes out what is dead among those that come next.
    fn look_after(&mut self, most: fn(usize) -> usize, dead: &mut Dead<P, K, V>) {
        for _ in 0..most(self.0.len()).min(self.0.len()) {
            let Some(slot) = self.0.oldest() else { return };
            if P::is_gone(&self.0.payload(slot).life) {
                dead.push(self.0.remove(slot));
            } else {
                self.0.touch(slot);
            }
        }
        if !dead.is_empty() {
            self.0.shrink();
        }
    }

    /// The cache of an instance that was not watched when its call began.
    fn enter(&mut self, new: Watch<P, K, V>, dead: &mut Dead<P, K, V>) -> CacheOf<P, K, V> {
        self.look_after(long_round, dead);
        match self.find(new.address) {
            // Another thread was first.
            Some(cache) => {
                dead.push(new);
                cache
            }
            None => {
                let cache = new.cache.clone();
                self.0.insert(hash(new.address), new, None);
                cache
            }
        }
    }
}

/// Addresses differ in their middle bits; the table wants them on top.
#[allow(clippy::cast_possible_truncation)]
fn hash(address: usize) -> u32 {
    ((address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

/// Makes the table of the instances that are held in `Arc`: a
/// `Tracked<Arc<T>, K, V>`. Made by `track…`, which ask that threads may share all.
pub struct ShareTracked<T, K, V> {
    table: fn(CacheBuilder) -> Box<dyn Entry>,
    of: PhantomData<fn(T, K, V)>,
}

impl<T, K, V> ShareTracked<T, K, V> {
    pub(super) fn new(table: fn(CacheBuilder) -> Box<dyn Entry>) -> Self {
        ShareTracked {
            table,
            of: PhantomData,
        }
    }
}

impl<T, K, V> Clone for ShareTracked<T, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, K, V> Copy for ShareTracked<T, K, V> {}

/// The instances of one type, and the caches that they have for one method.
pub(super) struct Tracked<P: Pointer, K, V> {
    setup: SetupOf<P>,
    watched: GateOf<P, Watched<P, K, V>>,
}

impl<T, K, V> Tracked<Arc<T>, K, V> {
    pub(super) fn shared(builder: CacheBuilder) -> Self {
        Self::new(Arc::new(builder.setup()))
    }
}

impl<T, K, V> Tracked<Rc<T>, K, V> {
    pub(super) fn local(builder: CacheBuilder) -> Self {
        Self::new(Rc::new(builder.setup()))
    }
}

impl<P: Pointer, K, V> Tracked<P, K, V> {
    fn new(setup: SetupOf<P>) -> Self {
        Tracked {
            setup,
            watched: Gate::new(Watched(Store::new()), false),
        }
    }

    /// The instance's cache, made at its first call.
    #[inline]
    pub(super) fn cache(&self, this: &P) -> OfPointer<P, K, V> {
        let address = this.address();
        let mut dead = Vec::new();
        let found = self.watched.with(|watched| {
            watched.look_after(round, &mut dead);
            watched.find(address)
        });
        drop(dead);
        OfPointer(found.unwrap_or_else(|| self.enter(this, address)))
    }

    #[cold]
    fn enter(&self, this: &P, address: usize) -> CacheOf<P, K, V> {
        let new = Watch {
            address,
            life: this.downgrade(),
            cache: P::to(Engine::new(self.setup.clone())),
        };
        let mut dead = Vec::new();
        let cache = self.watched.with(|watched| watched.enter(new, &mut dead));
        drop(dead);
        cache
    }
}

impl<P: Pointer, K, V> Summary for Tracked<P, K, V> {
    fn name(&self) -> &str {
        &self.setup.borrow().settings.name
    }

    fn parameters(&self) -> CacheParameters {
        self.setup.borrow().parameters()
    }

    fn each(&self, visit: &mut dyn FnMut(&dyn AnyCache)) {
        let caches: Vec<_> = self.watched.with(|Watched(store)| {
            let watches = store.in_order().map(|slot| store.payload(slot));
            let alive = watches.filter(|watch| !P::is_gone(&watch.life));
            alive.map(|watch| watch.cache.clone()).collect()
        });
        for cache in caches {
            visit(&*cache);
        }
    }

    fn drop_dead(&self) -> usize {
        let mut dead = Vec::new();
        self.watched
            .with(|watched| watched.look_after(|all| all, &mut dead));
        let entries = dead.iter().map(|watch| watch.cache.info().currsize).sum();
        turns::drop_each(dead);
        entries
    }

    fn outdate(&self, instance: usize) {
        let cache = self.watched.with(|watched| watched.find(instance));
        if let Some(cache) = cache {
            cache.clear();
        }
    }
}

impl<T, K, V> Entry for Tracked<Arc<T>, K, V>
where
    T: Send + Sync + 'static,
    K: Send + Sync + 'static,
    V: Send + Sync + 'static,
{
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

/// The cache of an instance that is held in `Arc` or `Rc`, as calls have it.
pub struct OfPointer<P: Pointer, K, V>(CacheOf<P, K, V>);

impl<P: Pointer, K, V> Home for OfPointer<P, K, V> {
    type Key = K;
    type Value = V;
    type Scope = P::Scope;

    fn engine(&self) -> &EngineOf<P, K, V> {
        &self.0
    }
}

/// The static behind a method that takes `Arc<Self>`: one table for each
/// instantiation.
pub struct TrackedSlots {
    tables: Chains,
}

impl TrackedSlots {
    /// No tables yet, and no memory.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        TrackedSlots {
            tables: Chains::new(),
        }
    }

    /// The instance's cache, made at its first call.
    ///
    /// # Panics
    ///
    /// If `instantiation` comes with other types for `T`, `K` and `V` than before.
    #[inline]
    pub fn home<T: 'static, K: 'static, V: 'static>(
        &'static self,
        instantiation: TypeId,
        this: &Arc<T>,
        share: ShareTracked<T, K, V>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> OfPointer<Arc<T>, K, V> {
        let table = self.tables.get(instantiation, || (share.table)(build()));
        let table: Option<&Tracked<Arc<T>, K, V>> = table.as_any().downcast_ref();
        let table = table.expect("an instantiation has one type of table");
        table.cache(this)
    }

    /// `Type::m_caches()`
    pub fn caches<T, K, V>(
        &'static self,
        instantiation: TypeId,
        share: ShareTracked<T, K, V>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> MethodCaches {
        let table = self.tables.get(instantiation, || (share.table)(build()));
        MethodCaches::shared(table.summary())
    }

    pub(super) fn outdate(&self, instance: usize) {
        self.tables.outdate(instance);
    }
}
