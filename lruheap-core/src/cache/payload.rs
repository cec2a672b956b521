//! What the store keeps for a key, and how values are handed out.

use std::iter;
use std::mem;
use std::option;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::vec;

/// A key and its value, held by all who look at them outside the gate. Without its
/// value yet while that is being computed.
pub(crate) struct Pair<K, V> {
    key: K,
    value: OnceLock<V>,
}

impl<K, V> Pair<K, V> {
    pub(crate) fn of(key: K) -> Self {
        let value = OnceLock::new();
        Pair { key, value }
    }

    fn new(key: K, value: V) -> Self {
        let value = OnceLock::from(value);
        Pair { key, value }
    }

    #[inline]
    pub(crate) fn key(&self) -> &K {
        &self.key
    }

    /// The value of a pair in the store, or of a computation that has ended.
    #[inline]
    pub(crate) fn value(&self) -> &V {
        self.value
            .get()
            .expect("only a computation under way has none")
    }

    /// The computation has ended: it alone sets the value.
    pub(crate) fn set(&self, value: V) {
        let set = self.value.set(value);
        debug_assert!(set.is_ok(), "a computation ends once");
    }

    fn into_parts(self) -> (K, V) {
        let value = self.value.into_inner();
        (
            self.key,
            value.expect("only a computation under way has none"),
        )
    }
}

/// A key and its value.
///
/// `Inline` only where comparing the key and cloning the value are known to
/// run no code of the user's, and not to take long, so that both may happen while the
/// gate is held.
/// Any other pair is taken out of the gate by its pointer and looked at there.
pub(crate) enum Payload<K, V> {
    Inline(K, V),
    Shared(Arc<Pair<K, V>>),
    /// For the moment in which `share` turns the one into the other.
    Moving,
}

impl<K, V> Payload<K, V> {
    pub(crate) fn new(key: K, value: V, inert: bool) -> Self {
        if inert {
            Payload::Inline(key, value)
        } else {
            Payload::Shared(Arc::new(Pair::new(key, value)))
        }
    }

    #[inline]
    pub(crate) fn key(&self) -> &K {
        match self {
            Payload::Inline(key, _) => key,
            Payload::Shared(pair) => pair.key(),
            Payload::Moving => unreachable!("seen only inside `share`"),
        }
    }

    /// Both.
    #[inline(always)]
    pub(crate) fn pair(&self) -> Option<(&K, &V)> {
        match self {
            Payload::Inline(key, value) => Some((key, value)),
            Payload::Shared(pair) => Some((pair.key(), pair.value())),
            Payload::Moving => None,
        }
    }

    #[inline]
    pub(crate) fn value(&self) -> &V {
        match self {
            Payload::Inline(_, value) => value,
            Payload::Shared(pair) => pair.value(),
            Payload::Moving => unreachable!("seen only inside `share`"),
        }
    }

    /// The pair by its pointer, so that it can be looked at outside the gate.
    pub(crate) fn share(&mut self) -> Arc<Pair<K, V>> {
        match mem::replace(self, Payload::Moving) {
            Payload::Inline(key, value) => *self = Payload::Shared(Arc::new(Pair::new(key, value))),
            shared => *self = shared,
        }
        match self {
            Payload::Shared(pair) => Arc::clone(pair),
            _ => unreachable!("it was made `Shared` just now"),
        }
    }
}

impl<K, V> Payload<K, V> {
    /// Outside the gate: the value, copied if others hold the pair as well.
    pub(crate) fn into_value(self, values: &impl Values<V>) -> V {
        match self {
            Payload::Inline(_, value) => value,
            Payload::Shared(pair) => match Arc::try_unwrap(pair) {
                Ok(pair) => pair.into_parts().1,
                Err(pair) => values.copy(pair.value()),
            },
            Payload::Moving => unreachable!("seen only inside `share`"),
        }
    }
}

impl<K: Clone, V: Clone> Payload<K, V> {
    /// Inside the gate: the same pair once more, at no cost in user code.
    pub(crate) fn duplicate(&self) -> Self {
        match self {
            Payload::Inline(key, value) => Payload::Inline(key.clone(), value.clone()),
            Payload::Shared(pair) => Payload::Shared(Arc::clone(pair)),
            Payload::Moving => unreachable!("seen only inside `share`"),
        }
    }

    /// Outside the gate: key and value, copied if others hold them as well.
    pub(crate) fn into_pair(self) -> (K, V) {
        match self {
            Payload::Inline(key, value) => (key, value),
            Payload::Shared(pair) => match Arc::try_unwrap(pair) {
                Ok(pair) => pair.into_parts(),
                Err(pair) => (pair.key().clone(), pair.value().clone()),
            },
            Payload::Moving => unreachable!("seen only inside `share`"),
        }
    }
}

/// What has left the store and is dropped once the gate is free again.
pub(crate) struct Trash<K, V> {
    /// Mostly there is one at most.
    first: Option<Payload<K, V>>,
    more: Vec<Payload<K, V>>,
}

impl<K, V> Trash<K, V> {
    #[inline]
    pub(crate) fn new() -> Self {
        Trash {
            first: None,
            more: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, payload: Payload<K, V>) {
        if self.first.is_none() {
            self.first = Some(payload);
        } else {
            self.more.push(payload);
        }
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }
}

impl<K, V> Extend<Payload<K, V>> for Trash<K, V> {
    fn extend<I: IntoIterator<Item = Payload<K, V>>>(&mut self, payloads: I) {
        payloads.into_iter().for_each(|payload| self.push(payload));
    }
}

impl<K, V> IntoIterator for Trash<K, V> {
    type Item = Payload<K, V>;
    type IntoIter = iter::Chain<option::IntoIter<Self::Item>, vec::IntoIter<Self::Item>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.more)
    }
}

/// How the values of a cache are handed to callers.
pub trait Values<V> {
    /// Whether `copy` is known to run no code of the user's, whatever the value.
    fn is_inert(&self) -> bool;

    /// The same, and not to take long.
    fn is_light(&self, value: &V) -> bool;

    /// Whether values mostly have a time to live.
    #[inline]
    fn are_timed(&self) -> bool {
        false
    }

    /// Whether the value can be handed out at all. Runs no user code.
    #[inline]
    fn is_good(&self, _value: &V) -> bool {
        true
    }

    /// Whether a result with this value is to be kept.
    #[inline]
    fn keeps(&self, value: &V) -> bool {
        self.is_good(value)
    }

    /// The time to live that the value has of its own. May run code of the user's:
    /// never in the gate.
    #[inline]
    fn lifetime(&self, _value: &V) -> Option<Duration> {
        None
    }

    /// A copy for the caller.
    fn copy(&self, value: &V) -> V;
}

/// Values that are handed out as clones.
pub(crate) struct Clones;

impl<V: Clone + 'static> Values<V> for Clones {
    #[inline]
    fn is_inert(&self) -> bool {
        crate::inert::is_inert::<V>()
    }

    #[inline]
    fn is_light(&self, value: &V) -> bool {
        crate::inert::is_light(value)
    }

    #[inline]
    fn copy(&self, value: &V) -> V {
        value.clone()
    }
}

/// A value on its way out of the gate.
pub(crate) enum Held<K, V> {
    Copied(V),
    Shared(Arc<Pair<K, V>>),
}

impl<K, V> Held<K, V> {
    /// Inside the gate: copies what is inert, holds on to the rest.
    #[inline]
    pub(crate) fn take(payload: &Payload<K, V>, values: &impl Values<V>) -> Self {
        match payload {
            Payload::Inline(_, value) => Held::Copied(values.copy(value)),
            Payload::Shared(pair) => Held::Shared(Arc::clone(pair)),
            Payload::Moving => unreachable!("seen only inside `share`"),
        }
    }

    /// Under a lock: the same once more, at no cost in user code.
    pub(crate) fn again(&self, values: &impl Values<V>) -> Self {
        match self {
            Held::Copied(value) => Held::Copied(values.copy(value)),
            Held::Shared(pair) => Held::Shared(Arc::clone(pair)),
        }
    }

    /// Outside the gate: the caller's copy.
    #[inline]
    pub(crate) fn release(self, values: &impl Values<V>) -> V {
        match self {
            Held::Copied(value) => value,
            Held::Shared(pair) => values.copy(pair.value()),
        }
    }
}
