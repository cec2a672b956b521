//! What asks that a key and a value may be shared between threads, and makes the
//! caches that ask it. In one place, so that the compiler says it once.

use std::sync::Arc;

use super::instance::{Node, ShareNode};
use super::slot::Share;
use super::tracked::{ShareTracked, Tracked};
use crate::cache::Shared;
use crate::key::Shareable;

fn share<K: Send + Sync + 'static, V: Send + Sync + 'static>() -> Share<K, V> {
    Share {
        cache: |builder| Shared::new(builder.cache::<K, V>()),
        listed: |cache| cache.as_engine(),
        entry: |builder| Box::new(builder.cache::<K, V>()),
    }
}

fn share_node<K: Send + Sync + 'static, V: Send + Sync + 'static>() -> ShareNode<K, V> {
    ShareNode::new(Node::<K, V>::register)
}

fn share_tracked<T, K, V>() -> ShareTracked<T, K, V>
where
    T: Shareable,
    K: Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    ShareTracked::new(|builder| Box::new(Tracked::<Arc<T>, K, V>::shared(builder)))
}

macro_rules! hold {
    ($($name:ident $node:ident $tracked:ident($($part:ident),*);)*) => {$(
        /// For a key with this many parts. Each part is a parameter, so that the
        /// compiler points at the one at fault.
        pub fn $name<$($part: Shareable,)* V: Shareable>() -> Share<($($part,)*), V> {
            share()
        }

        /// The same for the caches of instances.
        pub fn $node<$($part: Shareable,)* V: Shareable>() -> ShareNode<($($part,)*), V> {
            share_node()
        }

        /// The same for instances in `Arc`.
        pub fn $tracked<T: Shareable, $($part: Shareable,)* V: Shareable>()
        -> ShareTracked<T, ($($part,)*), V> {
            share_tracked()
        }
    )*};
}

hold! {
    hold0 node0 track0();
    hold1 node1 track1(A);
    hold2 node2 track2(A, B);
    hold3 node3 track3(A, B, C);
    hold4 node4 track4(A, B, C, D);
    hold5 node5 track5(A, B, C, D, E);
    hold6 node6 track6(A, B, C, D, E, F);
    hold7 node7 track7(A, B, C, D, E, F, G);
    hold8 node8 track8(A, B, C, D, E, F, G, H);
    hold9 node9 track9(A, B, C, D, E, F, G, H, I);
    hold10 node10 track10(A, B, C, D, E, F, G, H, I, J);
    hold11 node11 track11(A, B, C, D, E, F, G, H, I, J, K);
    hold12 node12 track12(A, B, C, D, E, F, G, H, I, J, K, L);
}
