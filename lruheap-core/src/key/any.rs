//! Keys whose type can't be written down: the value of `#[key(expr)]`, an
//! argument of type `impl Trait`. They are kept behind a pointer, with their
//! type, and two of different types are never equal.

use std::any::Any;
use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use super::{AnyBorrowedKey, AnyCacheKey, Part, View};
use crate::inert::is_inert;

/// A key of any type.
#[derive(Clone)]
pub struct AnyKey(Arc<dyn Comparable>);

trait Comparable: Any + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn same(&self, other: &dyn Comparable) -> bool;
    fn feed(&self, state: &mut dyn Hasher);
}

impl<T: Hash + Eq + Send + Sync + 'static> Comparable for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn same(&self, other: &dyn Comparable) -> bool {
        other
            .as_any()
            .downcast_ref::<T>()
            .is_some_and(|other| self == other)
    }

    fn feed(&self, mut state: &mut dyn Hasher) {
        self.hash(&mut state);
    }
}

impl AnyKey {
    fn new<T: Hash + Eq + Send + Sync + 'static>(value: T) -> Self {
        AnyKey(Arc::new(value))
    }

    fn is<T: 'static>(&self, matches: impl FnOnce(&T) -> bool) -> bool {
        (*self.0).as_any().downcast_ref::<T>().is_some_and(matches)
    }
}

impl PartialEq for AnyKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.same(&*other.0)
    }
}

impl Eq for AnyKey {}

impl Hash for AnyKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.feed(state);
    }
}

impl fmt::Debug for AnyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyKey(..)")
    }
}

/// Makes the part for a value of a type that only the compiler knows.
///
/// A reference is kept in its owned form, anything else as a clone: the method
/// of `KeyProbe<&T>` is found before the one that `Deref` leads to.
pub struct KeyProbe<'a, T>(ByValue<'a, T>);

/// Where the probe leads for everything that is no reference.
pub struct ByValue<'a, T>(&'a T);

impl<'a, T> KeyProbe<'a, T> {
    /// Probes the type of `value`.
    pub fn new(value: &'a T) -> Self {
        KeyProbe(ByValue(value))
    }
}

impl<'a, T> Deref for KeyProbe<'a, T> {
    type Target = ByValue<'a, T>;

    fn deref(&self) -> &ByValue<'a, T> {
        &self.0
    }
}

impl<'a, 'b: 'a, T: ?Sized> KeyProbe<'a, &'b T> {
    /// The part for a reference.
    pub fn part(&self) -> impl Part<Owned = AnyKey> + use<'a, 'b, T>
    where
        T: AnyBorrowedKey,
    {
        ReferencePart(*self.0.0)
    }
}

impl<'a, T> ByValue<'a, T> {
    /// The part for a value.
    pub fn part(&self) -> impl Part<Owned = AnyKey> + use<'a, T>
    where
        T: AnyCacheKey,
    {
        ValuePart(self.0)
    }
}

struct ValuePart<'a, T>(&'a T);

impl<T: AnyCacheKey> View for ValuePart<'_, T> {
    type Owned = AnyKey;

    fn is_inert() -> bool {
        is_inert::<T>()
    }

    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }

    fn matches(&self, key: &AnyKey) -> bool {
        key.is::<T>(|key| self.0 == key)
    }

    fn same(a: &AnyKey, b: &AnyKey) -> bool {
        a == b
    }
}

impl<T: AnyCacheKey> Part for ValuePart<'_, T> {
    fn to_key(&self) -> AnyKey {
        AnyKey::new(self.0.clone())
    }
}

struct ReferencePart<'a, T: ?Sized>(&'a T);

impl<T> View for ReferencePart<'_, T>
where
    T: AnyBorrowedKey + ?Sized,
{
    type Owned = AnyKey;

    fn is_inert() -> bool {
        is_inert::<T>() && is_inert::<T::Owned>()
    }

    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }

    fn matches(&self, key: &AnyKey) -> bool {
        key.is::<T::Owned>(|key| key.borrow() == self.0)
    }

    fn same(a: &AnyKey, b: &AnyKey) -> bool {
        a == b
    }
}

impl<T> Part for ReferencePart<'_, T>
where
    T: AnyBorrowedKey + ?Sized,
{
    fn to_key(&self) -> AnyKey {
        AnyKey::new(self.0.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_different_types_are_never_equal() {
        assert_ne!(AnyKey::new(1_u8), AnyKey::new(1_u64));
        assert_eq!(AnyKey::new(1_u8), AnyKey::new(1_u8));
        assert!(!KeyProbe::new(&1_u8).part().matches(&AnyKey::new(1_u64)));
    }

    #[test]
    fn a_reference_is_kept_in_its_owned_form() {
        let text = String::from("text");
        let key = KeyProbe::new(&text.as_str()).part().to_key();
        assert_eq!(key, AnyKey::new(text));
    }
}
