//! Where the cache of a function lives that all threads share: a static that is
//! empty until the first call, with one cache or one for each instantiation.

use std::any::{Any, TypeId};
use std::sync::OnceLock;

use crate::cache::{Cache, CacheBuilder};
use crate::key::Shareable;

/// The static behind a function.
///
/// It is `Sync` whatever `K` and `V` are, so that a type that threads may not
/// share is refused in one place, the `hold` functions, with a message of its own.
pub struct Slot<K, V> {
    cache: OnceLock<Box<dyn Holder<K, V>>>,
}

/// A cache that all threads may use.
pub trait Holder<K, V>: Send + Sync {
    /// The cache.
    fn cache(&self) -> &Cache<K, V>;
}

impl<K: Send + Sync, V: Send + Sync> Holder<K, V> for Cache<K, V> {
    #[inline]
    fn cache(&self) -> &Cache<K, V> {
        self
    }
}

macro_rules! hold {
    ($($name:ident($($part:ident),*);)*) => {$(
        /// Builds the cache of a function with this many parts in its key. Each
        /// part is a parameter, so that the compiler points at the one at fault.
        pub fn $name<$($part: Shareable,)* V: Shareable>(
            builder: CacheBuilder,
        ) -> Box<dyn Holder<($($part,)*), V>> {
            Box::new(builder.cache::<($($part,)*), V>())
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

impl<K, V> Slot<K, V> {
    /// An empty slot, which owns no memory.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Slot {
            cache: OnceLock::new(),
        }
    }

    /// The cache, built at the first call.
    #[inline]
    pub fn get(
        &'static self,
        hold: fn(CacheBuilder) -> Box<dyn Holder<K, V>>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> &'static Cache<K, V> {
        match self.cache.get() {
            Some(holder) => holder.cache(),
            None => self.fill(hold(build())),
        }
    }

    /// Building runs the user's expressions, which may call the function: it
    /// has happened by now, outside of the lock. The first to be done stays.
    #[cold]
    fn fill(&'static self, built: Box<dyn Holder<K, V>>) -> &'static Cache<K, V> {
        self.cache.get_or_init(|| built).cache()
    }
}

/// How many chains a [`Slots`] has: instantiations are spread over them.
const CHAINS: usize = 8;

/// The static behind a generic function: one cache for each instantiation.
///
/// A static in a generic function is one for all its instantiations, so the
/// caches are told apart by type. The chains only ever grow at their ends, and
/// are walked without a lock.
pub struct Slots {
    chains: [OnceLock<Box<Link>>; CHAINS],
}

struct Link {
    instance: TypeId,
    cache: Box<dyn Any + Send + Sync>,
    next: OnceLock<Box<Link>>,
}

impl Slots {
    /// No caches yet, and no memory.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Slots {
            chains: [const { OnceLock::new() }; CHAINS],
        }
    }

    /// The cache of the instantiation `I`, built at its first call.
    ///
    /// # Panics
    ///
    /// If `I` comes with other types for `K` and `V` than before.
    pub fn get<I: 'static, K: 'static, V: 'static>(
        &'static self,
        hold: fn(CacheBuilder) -> Box<dyn Holder<K, V>>,
        build: impl FnOnce() -> CacheBuilder,
    ) -> &'static Cache<K, V> {
        let instance = TypeId::of::<I>();
        let mut place = &self.chains[chain(instance)];
        let mut ready: Option<Box<Link>> = None;
        let mut build = Some(build);
        loop {
            if let Some(link) = place.get() {
                if link.instance == instance {
                    let cache = link.cache.downcast_ref::<Box<dyn Holder<K, V>>>();
                    return cache
                        .expect("an instantiation has one key and value type")
                        .cache();
                }
                place = &link.next;
                continue;
            }
            // Built before the place is taken, and by nobody else's leave:
            // building runs the user's expressions, which may come back here.
            if let Some(build) = build.take() {
                let cache = hold(build());
                ready = Some(Box::new(Link {
                    instance,
                    cache: Box::new(cache),
                    next: OnceLock::new(),
                }));
                continue;
            }
            if let Some(link) = ready.take() {
                // Where another thread was first, the walk goes on from its link.
                ready = place.set(link).err();
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation)]
fn chain(instance: TypeId) -> usize {
    use std::hash::{BuildHasher, BuildHasherDefault};
    // A `TypeId` is a hash already; any spread of it will do.
    BuildHasherDefault::<Spread>::default().hash_one(instance) as usize % CHAINS
}

#[derive(Default)]
struct Spread(u64);

impl std::hash::Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }
}
