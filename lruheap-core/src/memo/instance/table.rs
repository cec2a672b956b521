//! The table of a method: the caches that the instances of a type have for it, by
//! weak references. A cache that dies with its instance takes itself out.

use std::any::{Any, TypeId};
use std::borrow::Borrow;
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::{CacheHost, InstanceCaches, Kept};
use crate::cache::{CacheBuilder, Engine, Home, Instance, Logged, Scope, Setup};
use crate::memo::slot::{Chains, Entry};
use crate::memo::summary::{AnyCache, MethodCaches, Summary};
use crate::registry::Listed;
use crate::stats::CacheParameters;

/// The cache of one instance and method.
pub(crate) struct Node<K, V> {
    engine: Engine<K, V, Hosting>,
    /// The node's place in the table, whose lock is held where this is looked at.
    place: AtomicUsize,
}

impl<K: Send + Sync + 'static, V: Send + Sync + 'static> Node<K, V> {
    pub(crate) fn register(table: &'static InstanceTable) -> Arc<dyn Kept> {
        Arc::new_cyclic(|this: &Weak<Self>| Node {
            engine: Engine::new(table),
            place: AtomicUsize::new(table.live.lock().add(this.clone())),
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

    fn move_to(&self, place: usize) {
        self.place.store(place, Ordering::Relaxed);
    }
}

impl<K, V> Drop for Node<K, V> {
    fn drop(&mut self) {
        let dropped = {
            let mut live = self.engine.setup().live.lock();
            live.remove(self.place.load(Ordering::Relaxed))
        };
        drop(dropped);
    }
}

#[inline]
pub(super) fn node_of<'h, K: 'static, V: 'static>(
    cache: &'h dyn Kept,
    method: &'static InstanceSlots,
    instantiation: TypeId,
) -> Option<&'h Node<K, V>> {
    let node: &Node<K, V> = cache.as_any().downcast_ref()?;
    let table = node.engine.setup();
    (ptr::eq(table.method, method) && table.instantiation == instantiation).then_some(node)
}

/// Makes the caches of instances: each a `Node<K, V>`. Made by `node…`, which ask that
/// threads may share the key and the value.
pub struct ShareNode<K, V> {
    register: fn(&'static InstanceTable) -> Arc<dyn Kept>,
    of: PhantomData<fn(K, V)>,
}

impl<K, V> ShareNode<K, V> {
    pub(in crate::memo) fn new(register: fn(&'static InstanceTable) -> Arc<dyn Kept>) -> Self {
        ShareNode {
            register,
            of: PhantomData,
        }
    }
}

impl<K, V> Clone for ShareNode<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for ShareNode<K, V> {}

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

/// The nodes that are alive, densely; `None` where one died while it could not be
/// closed up.
#[derive(Default)]
struct Live(Vec<Option<Weak<dyn Kept>>>);

/// What is to be dropped outside the lock: it may be the last of its kind.
type Dropped = (Option<Weak<dyn Kept>>, Option<Arc<dyn Kept>>);

impl Live {
    fn add(&mut self, node: Weak<dyn Kept>) -> usize {
        if self.0.len() == self.0.capacity() {
            // By a quarter: there may be many, and each is to cost little.
            self.0.reserve_exact(self.0.len() / 4 + 4);
        }
        self.0.push(Some(node));
        self.0.len() - 1
    }

    /// Takes a node out, and moves the last one to its place.
    fn remove(&mut self, place: usize) -> Dropped {
        let gone = self.0[place].take();
        while let Some(None) = self.0.last() {
            self.0.pop();
        }
        let mut moved = None;
        if place < self.0.len() {
            // One that is dying as well is about to ask for the place it knows.
            moved = self
                .0
                .last()
                .and_then(Option::as_ref)
                .and_then(Weak::upgrade);
            if let Some(node) = &moved {
                node.move_to(place);
                self.0[place] = self.0.pop().flatten();
            }
        }
        if self.0.len() < self.0.capacity() / 4 {
            self.0.shrink_to(self.0.len() * 2);
        }
        (gone, moved)
    }
}

/// The scope of an instance's cache: a node has its table as its setup.
pub enum Hosting {}

impl Scope for Hosting {
    type Gate<T: Logged> = <Instance as Scope>::Gate<T>;
    type Setup = &'static InstanceTable;
    const IS_SHARED: bool = true;
    const IS_SMALL: bool = true;
}

impl Borrow<Setup> for &'static InstanceTable {
    fn borrow(&self) -> &Setup {
        &self.setup
    }
}

impl Summary for InstanceTable {
    fn name(&self) -> &str {
        &self.setup.settings.name
    }

    fn parameters(&self) -> CacheParameters {
        self.setup.parameters()
    }

    fn each(&self, visit: &mut dyn FnMut(&dyn AnyCache)) {
        // From the end, because a node that moves goes from there to a place before
        // it: it may be seen twice, but is not missed.
        let mut place = self.live.lock().0.len();
        while place > 0 {
            place -= 1;
            let node = {
                let live = self.live.lock();
                let node = live.0.get(place).and_then(Option::as_ref);
                node.and_then(Weak::upgrade)
            };
            // Outside the lock: this may be the last to hold it by now.
            if let Some((_, cache)) = node.as_ref().and_then(|node| node.of()) {
                visit(cache);
            }
        }
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
        share: ShareNode<K, V>,
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
        share: ShareNode<K, V>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> &'h Node<K, V> {
        let node = (share.register)(self.table(instantiation, build));
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

/// Asks that a type is a host.
#[inline]
pub fn hosted<H: CacheHost + ?Sized>(instantiation: TypeId) -> Hosted<H> {
    Hosted {
        caches: H::instance_caches,
        instantiation,
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
