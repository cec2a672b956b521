//! Arguments by the shape of their type: values, references, and what can be
//! built of references.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::mem;

use smallvec::SmallVec;

use super::{BorrowedKey, CacheKey, Part, View};
use crate::inert::{is_inert, is_integer};

/// An argument that owns what it is: looked up by reference, kept as a clone.
#[inline]
pub fn plain<T: CacheKey>(value: &T) -> impl Part<Owned = T> + use<'_, T> {
    Plain(value)
}

struct Plain<'a, T>(&'a T);

impl<T: CacheKey> View for Plain<'_, T> {
    type Owned = T;

    #[inline]
    fn is_inert() -> bool {
        is_inert::<T>()
    }

    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }

    #[inline]
    fn matches(&self, key: &T) -> bool {
        self.0 == key
    }

    fn same(a: &T, b: &T) -> bool {
        a == b
    }
}

impl<T: CacheKey> Part for Plain<'_, T> {
    fn to_key(&self) -> T {
        self.0.clone()
    }
}

/// An argument taken by reference: looked up as it is, kept in its owned form.
#[inline]
pub fn borrowed<T>(value: &T) -> impl Part<Owned = <T as ToOwned>::Owned> + use<'_, T>
where
    T: BorrowedKey + ?Sized,
{
    Borrowed(value)
}

struct Borrowed<'a, T: ?Sized>(&'a T);

impl<T: BorrowedKey + ?Sized> View for Borrowed<'_, T> {
    type Owned = T::Owned;

    #[inline]
    fn is_inert() -> bool {
        is_inert::<T>() && is_inert::<T::Owned>()
    }

    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }

    /// Slices of integers are fed as bytes, all at once.
    fn hash_items<H: Hasher>(items: impl Iterator<Item = Self>, state: &mut H) {
        if is_integer::<T>() {
            let items: SmallVec<[T::Owned; 16]> = items.map(|item| item.0.to_owned()).collect();
            Hash::hash_slice(&items, state);
        } else {
            items.for_each(|item| item.hash(state));
        }
    }

    #[inline]
    fn matches(&self, key: &T::Owned) -> bool {
        key.borrow() == self.0
    }

    fn same(a: &T::Owned, b: &T::Owned) -> bool {
        a == b
    }
}

impl<T: BorrowedKey + ?Sized> Part for Borrowed<'_, T> {
    fn to_key(&self) -> T::Owned {
        self.0.to_owned()
    }
}

/// An optional argument with references inside.
#[inline]
pub fn optional<P: Part>(part: Option<P>) -> impl Part<Owned = Option<P::Owned>> {
    Optional(part)
}

struct Optional<P>(Option<P>);

impl<P: View> View for Optional<P> {
    type Owned = Option<P::Owned>;

    #[inline]
    fn is_inert() -> bool {
        P::is_inert()
    }

    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        mem::discriminant(&self.0.as_ref().map(|_| ())).hash(state);
        if let Some(part) = &self.0 {
            part.hash(state);
        }
    }

    #[inline]
    fn matches(&self, key: &Self::Owned) -> bool {
        match (&self.0, key) {
            (Some(part), Some(key)) => part.matches(key),
            (None, None) => true,
            _ => false,
        }
    }

    fn same(a: &Self::Owned, b: &Self::Owned) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => P::same(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<P: Part> Part for Optional<P> {
    fn to_key(&self) -> Self::Owned {
        self.0.as_ref().map(Part::to_key)
    }
}

/// A slice, array or vector with references inside.
#[inline]
pub fn sequence<'a, T, P, F>(items: &'a [T], part: F) -> impl Part<Owned = Vec<P::Owned>>
where
    P: Part,
    F: Fn(&'a T) -> P,
{
    Sequence { items, part }
}

struct Sequence<'a, T, F> {
    items: &'a [T],
    part: F,
}

impl<'a, T, P: View, F: Fn(&'a T) -> P> View for Sequence<'a, T, F> {
    type Owned = Vec<P::Owned>;

    fn is_inert() -> bool {
        P::is_inert()
    }

    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.items.len());
        P::hash_items(self.items.iter().map(&self.part), state);
    }

    fn matches(&self, key: &Self::Owned) -> bool {
        self.items.len() == key.len()
            && self
                .items
                .iter()
                .zip(key)
                .all(|(item, key)| (self.part)(item).matches(key))
    }

    fn same(a: &Self::Owned, b: &Self::Owned) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| P::same(a, b))
    }
}

impl<'a, T, P: Part, F: Fn(&'a T) -> P> Part for Sequence<'a, T, F> {
    fn to_key(&self) -> Self::Owned {
        self.items
            .iter()
            .map(|item| (self.part)(item).to_key())
            .collect()
    }
}
