//! Keys: how the arguments of a call are looked up without being owned.
//!
//! A call makes a [`Part`] of each argument, a borrowed view, and puts them in
//! a tuple, which is a part itself. The view is hashed and compared with the
//! owned keys in the cache; the owned key is made only when a miss is stored.
//! A view hashes exactly as the key it would be owned as, so `cache.get(&key)`
//! finds what a call has stored.
//!
//! The functions that make parts return opaque types. That is what keeps a
//! mistake from being reported more than once: the bounds on the argument are
//! asked for where the part is made, at the user's token, and nowhere else.

mod any;
mod bounds;
mod loose;
mod shapes;

pub use any::{AnyKey, KeyProbe};
pub use bounds::{AnyBorrowedKey, AnyCacheKey, BorrowedKey, CacheKey, Shareable};
pub use loose::{Loose, LooseKey, LooseTokens, loose};
pub use shapes::{borrowed, optional, plain, sequence};

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

use crate::inert::is_inert;

/// A borrowed view of a key.
pub trait View {
    /// The key that the view stands for.
    type Owned;

    /// Whether comparing such views and cloning such keys is known to run no
    /// code of the user's: of the type, so whatever the value.
    fn is_inert() -> bool;

    /// Feeds the hasher as `Self::Owned` would.
    fn hash<H: Hasher>(&self, state: &mut H);

    /// Feeds the hasher as a slice of `Self::Owned` would, less its length.
    fn hash_items<H: Hasher>(items: impl Iterator<Item = Self>, state: &mut H)
    where
        Self: Sized,
    {
        items.for_each(|item| item.hash(state));
    }

    /// Whether the view stands for this key.
    fn matches(&self, key: &Self::Owned) -> bool;

    /// Whether two keys are the same; needed where the view is gone already.
    fn same(a: &Self::Owned, b: &Self::Owned) -> bool;
}

/// A view that can be owned: what a call makes of an argument.
pub trait Part: View {
    /// The key to store.
    fn to_key(&self) -> Self::Owned;
}

impl<P: View> View for &P {
    type Owned = P::Owned;

    #[inline]
    fn is_inert() -> bool {
        P::is_inert()
    }

    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }

    #[inline]
    fn matches(&self, key: &P::Owned) -> bool {
        (**self).matches(key)
    }

    fn same(a: &P::Owned, b: &P::Owned) -> bool {
        P::same(a, b)
    }
}

impl<P: Part> Part for &P {
    fn to_key(&self) -> P::Owned {
        (**self).to_key()
    }
}

macro_rules! tuple_parts {
    ($($part:ident $at:tt),*) => {
        impl<$($part: View),*> View for ($($part,)*) {
            type Owned = ($($part::Owned,)*);

            #[inline]
            fn is_inert() -> bool {
                true $(&& $part::is_inert())*
            }

            #[inline]
            fn hash<S: Hasher>(&self, _state: &mut S) {
                $(self.$at.hash(_state);)*
            }

            #[inline]
            fn matches(&self, _key: &Self::Owned) -> bool {
                true $(&& self.$at.matches(&_key.$at))*
            }

            fn same(_a: &Self::Owned, _b: &Self::Owned) -> bool {
                true $(&& $part::same(&_a.$at, &_b.$at))*
            }
        }

        impl<$($part: Part),*> Part for ($($part,)*) {
            #[allow(clippy::unused_unit)]
            fn to_key(&self) -> Self::Owned {
                ($(self.$at.to_key(),)*)
            }
        }
    };
}

tuple_parts!();
tuple_parts!(A 0);
tuple_parts!(A 0, B 1);
tuple_parts!(A 0, B 1, C 2);
tuple_parts!(A 0, B 1, C 2, D 3);
tuple_parts!(A 0, B 1, C 2, D 3, E 4);
tuple_parts!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_parts!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_parts!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuple_parts!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
tuple_parts!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
tuple_parts!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
tuple_parts!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);

/// A key of a [`Cache`](crate::Cache) as its user hands it in.
pub(crate) struct Query<'a, K, Q: ?Sized> {
    query: &'a Q,
    key: std::marker::PhantomData<fn(&K)>,
}

impl<'a, K, Q: ?Sized> Query<'a, K, Q> {
    pub(crate) fn new(query: &'a Q) -> Self {
        Query {
            query,
            key: std::marker::PhantomData,
        }
    }
}

impl<K, Q> View for Query<'_, K, Q>
where
    K: Borrow<Q> + Eq + 'static,
    Q: Hash + Eq + ?Sized + 'static,
{
    type Owned = K;

    fn is_inert() -> bool {
        // `Borrow` may be the user's as well.
        is_inert::<K>() && is_inert::<Q>()
    }

    fn hash<H: Hasher>(&self, state: &mut H) {
        self.query.hash(state);
    }

    fn matches(&self, key: &K) -> bool {
        key.borrow() == self.query
    }

    fn same(a: &K, b: &K) -> bool {
        a == b
    }
}

impl<K, Q> Part for Query<'_, K, Q>
where
    K: Borrow<Q> + Eq + 'static,
    Q: ToOwned<Owned = K> + Hash + Eq + ?Sized + 'static,
{
    fn to_key(&self) -> K {
        self.query.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    /// A view must hash as the key it is owned as, and match it.
    fn agree<P: Part<Owned: Hash + Eq>>(part: &P) {
        let state = RandomState::new();
        let key = part.to_key();
        let mut hasher = state.build_hasher();
        part.hash(&mut hasher);
        assert_eq!(hasher.finish(), state.hash_one(&key));
        assert!(part.matches(&key));
    }

    #[test]
    fn a_view_hashes_as_the_key_it_is_owned_as() {
        let words = ["a", "bc", ""];
        agree(&(plain(&7_u64), borrowed("text"), borrowed(&b"bytes"[..])));
        agree(&(
            optional(Some(borrowed("x"))),
            optional(None::<&str>.map(borrowed)),
        ));
        agree(&(sequence(&words[..], |word| borrowed(*word)),));
        agree(&(
            KeyProbe::new(&1.5_f64.to_bits()).part(),
            KeyProbe::new(&"text").part(),
        ));
        agree(&((plain(&1_u8), borrowed("nested")), loose(&(1, "two", 3.0))));
        agree(&(sequence(&[&1_u8, &2][..], |byte| borrowed(*byte)),));
        agree(&(sequence(&[&1_i64, &2][..], |n| borrowed(*n)),));
        agree(&(sequence(&[Some(&1_u32), None][..], |n| {
            optional(n.as_ref().map(|n| borrowed(*n)))
        }),));
        agree(&(sequence(&[(&1_u16, 2)][..], |pair| {
            (borrowed(pair.0), plain(&pair.1))
        }),));
        agree(&());
    }

    #[test]
    fn equal_text_in_different_places_is_different_keys() {
        let key = (borrowed("ab"), borrowed("c")).to_key();
        assert!(!(borrowed("a"), borrowed("bc")).matches(&key));
        assert!((borrowed("ab"), borrowed("c")).matches(&key));
    }
}
