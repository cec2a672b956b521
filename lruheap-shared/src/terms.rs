//! How a function shares its results: what the option says, and what identifies the function
//! to other processes.

use std::any::type_name;
use std::time::Duration;

use crate::codec::Codec;

/// How long a store keeps results that have no `ttl`. They are valid for ever: this is for
/// stores that only let go of what has an end.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How a function shares its results.
pub struct Terms<K, V> {
    pub(crate) codec: Codec<K, V>,
    pub(crate) function: String,
    pub(crate) is_named: bool,
    namespace: String,
    version: u64,
    ttl: Option<Duration>,
    /// How long they live in memory.
    memory_ttl: Option<Duration>,
    pub(crate) coalesces: bool,
    pub(crate) tagged: bool,
}

impl<K, V> Terms<K, V> {
    /// Those of the function with this companion, without any option.
    pub fn of<I>(codec: Codec<K, V>) -> Self {
        Terms {
            codec,
            function: type_name::<I>().into(),
            is_named: false,
            namespace: String::new(),
            version: 0,
            ttl: None,
            memory_ttl: None,
            coalesces: true,
            tagged: false,
        }
    }

    /// `name = …`
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.function = name.into();
        self.is_named = true;
        self
    }

    /// Of an instantiation of it.
    #[must_use]
    pub fn instantiated<I>(mut self) -> Self {
        self.function.push_str("::");
        self.function.push_str(type_name::<I>());
        self
    }

    /// `namespace = …`
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// `version = …`
    #[must_use]
    pub fn version(mut self, version: u64) -> Self {
        self.version = version;
        self
    }

    /// `shared(ttl = …)`
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// `ttl = …`
    #[must_use]
    pub fn memory_ttl(mut self, ttl: Duration) -> Self {
        self.memory_ttl = Some(ttl);
        self
    }

    /// `coalesce = false`
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.coalesces = false;
        self
    }

    /// `tags(…)`
    #[must_use]
    pub fn tagged(mut self) -> Self {
        self.tagged = true;
        self
    }

    /// How long the store is to keep results.
    pub(crate) fn kept(&self) -> Duration {
        self.ttl.unwrap_or(DAY)
    }

    /// How long a result may live in memory that has this long left in the store.
    pub(crate) fn in_memory(&self, left: Duration) -> Option<Duration> {
        let left = self.ttl.map(|_| left);
        match (left, self.memory_ttl) {
            (Some(left), Some(ttl)) => Some(left.min(ttl)),
            (left, ttl) => left.or(ttl),
        }
    }

    /// What the keys of all results of the function begin with.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        let mut prefix = Vec::new();
        for part in [&self.namespace, &self.function] {
            prefix.extend((part.len() as u64).to_le_bytes());
            prefix.extend(part.as_bytes());
        }
        prefix.extend(self.version.to_le_bytes());
        prefix
    }
}
