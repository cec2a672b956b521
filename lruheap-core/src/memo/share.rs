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
pub(super) trait Holder<K, V>: Send + Sync {
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
///
/// Made by `hold…`, which ask that. Functions rather than methods with bounds, so
/// that whoever is handed one need not ask again.
pub struct Share<K, V> {
    /// For a function.
    pub(super) cache: fn(CacheBuilder) -> Box<dyn Holder<K, V>>,
    /// For an instantiation of one: a `Cache<K, V>`.
    pub(super) entry: fn(CacheBuilder) -> Box<dyn Entry>,
    /// For an instance: a `Node<K, V>`.
    pub(super) node: fn(&'static InstanceTable) -> Arc<dyn Kept>,
}

/// Makes the table of the instances that are held in `Arc`: a
/// `Tracked<Arc<T>, K, V>`.
pub struct ShareTracked<T, K, V> {
    pub(super) table: fn(CacheBuilder) -> Box<dyn Entry>,
    of: PhantomData<fn(T, K, V)>,
}

impl<K, V> Clone for Share<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Share<K, V> {}

impl<T, K, V> Clone for ShareTracked<T, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, K, V> Copy for ShareTracked<T, K, V> {}

fn share<K: Send + Sync + 'static, V: Send + Sync + 'static>() -> Share<K, V> {
    Share {
        cache: |builder| Box::new(builder.cache::<K, V>()),
        entry: |builder| Box::new(builder.cache::<K, V>()),
        node: Node::<K, V>::register,
    }
}

fn share_tracked<T, K, V>() -> ShareTracked<T, K, V>
where
    T: Shareable,
    K: Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    ShareTracked {
        table: |builder| Box::new(Tracked::<Arc<T>, K, V>::shared(builder)),
        of: PhantomData,
    }
}

macro_rules! hold {
    ($($name:ident $tracked:ident($($part:ident),*);)*) => {$(
        /// For a key with this many parts. Each part is a parameter, so that the
        /// compiler points at the one at fault.
        pub fn $name<$($part: Shareable,)* V: Shareable>() -> Share<($($part,)*), V> {
            share()
        }

        /// The same for instances in `Arc`.
        pub fn $tracked<T: Shareable, $($part: Shareable,)* V: Shareable>()
        -> ShareTracked<T, ($($part,)*), V> {
            share_tracked()
        }
    )*};
}

hold! {
    hold0 track0();
    hold1 track1(A);
    hold2 track2(A, B);
    hold3 track3(A, B, C);
    hold4 track4(A, B, C, D);
    hold5 track5(A, B, C, D, E);
    hold6 track6(A, B, C, D, E, F);
    hold7 track7(A, B, C, D, E, F, G);
    hold8 track8(A, B, C, D, E, F, G, H);
    hold9 track9(A, B, C, D, E, F, G, H, I);
    hold10 track10(A, B, C, D, E, F, G, H, I, J);
    hold11 track11(A, B, C, D, E, F, G, H, I, J, K);
    hold12 track12(A, B, C, D, E, F, G, H, I, J, K, L);
}
