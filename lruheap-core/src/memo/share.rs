//! What asks that a key and a value may be shared between threads, and what
//! follows from it. In one place, so that the compiler says it once.

use std::marker::PhantomData;
use std::sync::Arc;

use super::instance::{InstanceTable, Kept, Node};
use super::slot::Entry;
use super::tracked::Tracked;
use crate::cache::{Cache, CacheBuilder};
use crate::key::Shareable;
use crate::registry::Listed;

/// A cache that all threads may use.
pub trait Holder<K, V>: Send + Sync {
    /// The cache.
    fn cache(&self) -> &Cache<K, V>;

    /// The same, for the registry.
    fn listed(&self) -> &(dyn Listed + Sync);
}

impl<K: Send + Sync + 'static, V: Send + Sync + 'static> Holder<K, V> for Cache<K, V> {
    #[inline]
    fn cache(&self) -> &Cache<K, V> {
        self
    }

    fn listed(&self) -> &(dyn Listed + Sync) {
        Entry::listed(self)
    }
}

/// Makes the caches of keys and values that threads may share.
pub trait Share<K, V> {
    /// For a function.
    fn cache(self, builder: CacheBuilder) -> Box<dyn Holder<K, V>>;

    /// For an instantiation of one: a `Cache<K, V>`.
    fn entry(self, builder: CacheBuilder) -> Box<dyn Entry>;

    /// For an instance: a `Node<I, K, V>`; `I` names the instantiation.
    fn node<I: 'static>(self, table: &'static InstanceTable) -> Arc<dyn Kept>;

    /// For the instances of a type that are held in `Arc`: a `Tracked<Arc<T>, K, V>`.
    fn tracked<T: Shareable>(self, builder: CacheBuilder) -> Box<dyn Entry>;
}

struct Shared<K, V>(PhantomData<fn() -> (K, V)>);

impl<K: Send + Sync + 'static, V: Send + Sync + 'static> Share<K, V> for Shared<K, V> {
    fn cache(self, builder: CacheBuilder) -> Box<dyn Holder<K, V>> {
        Box::new(builder.cache::<K, V>())
    }

    fn entry(self, builder: CacheBuilder) -> Box<dyn Entry> {
        Box::new(builder.cache::<K, V>())
    }

    fn node<I: 'static>(self, table: &'static InstanceTable) -> Arc<dyn Kept> {
        Node::<I, K, V>::register(table)
    }

    fn tracked<T: Shareable>(self, builder: CacheBuilder) -> Box<dyn Entry> {
        Box::new(Tracked::<Arc<T>, K, V>::shared(builder))
    }
}

macro_rules! hold {
    ($($name:ident($($part:ident),*);)*) => {$(
        /// For a key with this many parts. Each part is a parameter, so that the
        /// compiler points at the one at fault.
        pub fn $name<$($part: Shareable,)* V: Shareable>() -> impl Share<($($part,)*), V> {
            Shared(PhantomData)
        }
    )*};
}

hold! {
    hold0();
    hold1(A);
    hold2(A, B);
    hold3(A, B, C);
    hold4(A, B, C, D);
    hold5(A, B, C, D, E);
    hold6(A, B, C, D, E, F);
    hold7(A, B, C, D, E, F, G);
    hold8(A, B, C, D, E, F, G, H);
    hold9(A, B, C, D, E, F, G, H, I);
    hold10(A, B, C, D, E, F, G, H, I, J);
    hold11(A, B, C, D, E, F, G, H, I, J, K);
    hold12(A, B, C, D, E, F, G, H, I, J, K, L);
}
