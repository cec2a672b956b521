//! The second tier of one function: where its results are in the store, whether what is in
//! memory may still be believed, and the controls that reach beyond this process.

use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lruheap_core::memo::{Asked, Home, Outcome, Part, Seen, Slot, Tag, Values};
use lruheap_core::{Cache, CacheInfo};
use parking_lot::{Mutex, RwLock};
use xxhash_rust::xxh3::xxh3_128;

use crate::backend::{Key, Name, Reading};
use crate::codec::Shape;
use crate::envelope::{Envelope, Kind};
use crate::store::{Failure, Invalidated, Store};
use crate::tags::{all_tags, seen_by, tag_name};
use crate::terms::Terms;
use crate::way::Way;

/// By how many generations the results of a function are told apart: removing one makes
/// those invalid that share its own.
const SHARES: u8 = 255;

/// The second tier of a function, in a static beside its cache. Empty until the first call.
pub struct Tier<K, V> {
    terms: OnceLock<(Terms<K, V>, Vec<u8>)>,
    attached: OnceLock<Attached>,
    /// Up to which number what was invalidated elsewhere is gone from memory.
    seen: BothSeen,
    pub(crate) counters: Counters,
}

/// Of the function, and of tags.
struct BothSeen {
    own: Seen,
    tags: Seen,
}

/// What is known once there is a store.
pub(crate) struct Attached {
    pub(crate) store: &'static Store,
    /// Changes when something of the function is invalidated anywhere.
    own: &'static AtomicU64,
    tags: Option<&'static AtomicU64>,
    shape: Shape,
    /// The generation of the whole function; it is watched under this name as well.
    name: Name,
}

/// What calls have found in the store.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) hits: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) skips: AtomicU64,
}

impl Counters {
    fn all(&self) -> [&AtomicU64; 4] {
        [&self.hits, &self.misses, &self.errors, &self.skips]
    }

    /// A miss that was counted is none, unless all were forgotten meanwhile.
    pub(crate) fn was_no_miss(&self) {
        let less = |misses: u64| misses.checked_sub(1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let _ = self.misses.fetch_update(set, fetch, less);
    }

    /// Notes why the store has not done something.
    pub(crate) fn note(&self, failure: &Failure) {
        use crate::error::Error;
        let counter = match failure {
            Failure::Skipped | Failure::Failed(Error::TooLarge { .. }) => &self.skips,
            Failure::Failed(_) => &self.errors,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Where a result is in the store.
pub(crate) struct Place {
    pub(crate) key: Key,
    /// The whole key.
    pub(crate) bytes: Vec<u8>,
    /// The generations that the result belongs to: the function's, that of its share, that of
    /// the last refresh in its share, those of its tags.
    pub(crate) names: Vec<Name>,
}

impl Place {
    /// What becomes invalid when the result is removed.
    pub(crate) const SHARE: usize = 1;
    /// What becomes invalid when the result is refreshed: whatever was computed before.
    pub(crate) const REFRESH: usize = 2;
}

/// What is under a key.
pub(crate) enum Found<V> {
    /// A value that is valid, and how long it has left.
    Value(V, Duration),
    /// Word that a computation has ended without a value.
    Nothing,
    /// A value that is not valid any more.
    Stale,
    /// What can't be a value of this function.
    Foreign,
    Absent,
}

impl<K, V> Tier<K, V> {
    /// An empty one, which owns no memory.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Tier {
            terms: OnceLock::new(),
            attached: OnceLock::new(),
            seen: BothSeen {
                own: Seen::new(),
                tags: Seen::new(),
            },
            counters: Counters {
                hits: AtomicU64::new(0),
                misses: AtomicU64::new(0),
                errors: AtomicU64::new(0),
                skips: AtomicU64::new(0),
            },
        }
    }

    /// Itself, with its terms.
    #[inline]
    pub fn with(&'static self, terms: impl FnOnce() -> Terms<K, V>) -> &'static Self {
        if self.terms.get().is_none() {
            self.fill(terms());
        }
        self
    }

    #[cold]
    fn fill(&self, terms: Terms<K, V>) {
        let prefix = terms.prefix();
        // The first to be done stays.
        let _ = self.terms.set((terms, prefix));
    }

    pub(crate) fn terms(&self) -> &(Terms<K, V>, Vec<u8>) {
        self.terms
            .get()
            .expect("a tier has its terms before it is used")
    }

    /// Whether what is in memory may be believed: nothing was invalidated elsewhere since
    /// it was made sure of.
    #[inline]
    fn is_fresh(&self) -> bool {
        self.is_own_fresh() && self.are_tags_fresh()
    }

    #[inline]
    fn is_own_fresh(&self) -> bool {
        self.attached
            .get()
            .is_some_and(|attached| self.seen.own.is(attached.own.load(Ordering::Acquire)))
    }

    #[inline]
    fn are_tags_fresh(&self) -> bool {
        let tags = self.attached.get().and_then(|attached| attached.tags);
        tags.is_none_or(|tags| self.seen.tags.is(tags.load(Ordering::Acquire)))
    }

    /// The place where a call looks at once, if that may be believed; without tags.
    #[inline]
    pub fn fresh(&self, slot: &'static Slot<K, V>) -> Fresh<K, V> {
        Fresh(self.is_own_fresh().then_some(slot))
    }

    /// The same with tags.
    #[inline]
    pub fn fresh_tagged(&self, slot: &'static Slot<K, V>) -> Fresh<K, V> {
        Fresh(self.is_fresh().then_some(slot))
    }

    /// The cache, less what was invalidated elsewhere.
    #[inline]
    pub fn sync(&'static self, cache: &'static Cache<K, V>) -> &'static Cache<K, V> {
        if !self.is_fresh() {
            self.catch_up(cache);
        }
        cache
    }

    #[cold]
    fn catch_up(&'static self, cache: &'static Cache<K, V>) {
        let attached = self.attach();
        let own = attached.own.load(Ordering::Acquire);
        let tags = attached.tags.map_or(0, |tags| tags.load(Ordering::Acquire));
        if self.is_fresh() {
            return;
        }
        // What is being computed may have been read before the change: it is not stored.
        // Only then is what is in memory believed again.
        cache.__outdate();
        self.seen.own.up_to(own);
        self.seen.tags.up_to(tags);
    }

    pub(crate) fn attach(&'static self) -> &'static Attached {
        match self.attached.get() {
            Some(attached) => attached,
            None => self.attach_first(),
        }
    }

    #[cold]
    fn attach_first(&'static self) -> &'static Attached {
        let (terms, prefix) = self.terms();
        // Both may run code of the user's (`Deserialize`, a subscriber), which may call the
        // function: it is not to wait for itself.
        let (shape, shared) = ((terms.codec.shape)(), Store::get());
        let mut is_double = false;
        let attached = self.attached.get_or_init(|| {
            let name = Name(xxh3_128(prefix));
            // Who chose one name for two functions may mean it.
            let store = if terms.is_named || KNOWN.lock().insert(name) {
                shared
            } else {
                is_double = true;
                Store::for_itself()
            };
            if terms.tagged {
                seen_by(&self.seen.tags);
            }
            Attached {
                store,
                own: store.backend().watch(name),
                tags: terms.tagged.then(|| store.backend().watch(all_tags())),
                shape,
                name,
            }
        });
        if is_double {
            tracing::error!(
                function = terms.function,
                "two functions with `shared` go by the same name: this one is not shared; give it a `name`, or a `namespace`"
            );
        }
        attached
    }

    /// Where the result for these arguments is; `None` where they can't be written down.
    pub(crate) fn place(&'static self, part: &impl Part<Owned = K>) -> Option<Place> {
        let (terms, prefix) = self.terms();
        let arguments = (terms.codec.key)(&part.to_key());
        let Some(arguments) = arguments else {
            // A `Serialize` that fails: there is no key, and nothing to ask the store.
            self.counters.skips.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let mut bytes = Vec::with_capacity(prefix.len() + arguments.len());
        bytes.extend(prefix);
        bytes.extend(arguments);
        let hash = xxh3_128(&bytes);
        let attached = self.attach();
        #[allow(clippy::cast_possible_truncation)]
        let share = u128::from((hash >> 64) as u8 % SHARES) + 1;
        let name = |bits: u128| Name(attached.name.0 ^ bits);
        let names = vec![attached.name, name(share), name(share << 8)];
        Some(Place {
            key: Key(hash),
            bytes,
            names,
        })
    }

    /// What a reading shows.
    pub(crate) fn judge(&'static self, place: &Place, reading: &Reading) -> Found<V> {
        let Some((bytes, left)) = &reading.entry else {
            return Found::Absent;
        };
        let attached = self.attach();
        let Some(envelope) = Envelope::open(bytes) else {
            return Found::Foreign;
        };
        if envelope.key != place.bytes {
            // Another key with this hash: it is not ours to remove.
            return Found::Stale;
        }
        let generations = envelope.generations.iter().map(|number| Some(*number));
        let is_valid =
            envelope.epoch == reading.epoch && generations.eq(reading.generations.iter().copied());
        if !is_valid {
            return Found::Stale;
        }
        if envelope.kind == Kind::Nothing {
            return Found::Nothing;
        }
        if envelope.fingerprint != attached.shape.fingerprint {
            return Found::Foreign;
        }
        // A `Deserialize` that panics costs the computation and no more.
        let back = self.terms().0.codec.back;
        let value = catch_unwind(AssertUnwindSafe(|| back(envelope.payload, attached.shape)));
        match value.ok().flatten() {
            Some(value) => Found::Value(value, (*left).min(Duration::from_millis(envelope.ttl))),
            None => Found::Foreign,
        }
    }

    /// A value as it goes into the store; `None` where it can't be written down.
    pub(crate) fn seal(
        &'static self,
        place: &Place,
        (epoch, generations): (u64, &[u64]),
        value: Option<&V>,
    ) -> Option<Vec<u8>> {
        let terms = &self.terms().0;
        let payload = match value {
            Some(value) => {
                let (write, shape) = (terms.codec.value, self.attach().shape);
                catch_unwind(AssertUnwindSafe(|| write(value, shape)))
                    .ok()
                    .flatten()?
            }
            None => Vec::new(),
        };
        let envelope = Envelope {
            kind: if value.is_some() {
                Kind::Value
            } else {
                Kind::Nothing
            },
            fingerprint: self.attach().shape.fingerprint,
            epoch,
            generations: generations.to_vec(),
            ttl: u64::try_from(terms.kept().as_millis()).unwrap_or(u64::MAX),
            key: &place.bytes,
            payload: &payload,
        };
        Some(envelope.seal())
    }

    /// `f::cache_remove`, beyond this process; the value that was there.
    pub fn remove(&'static self, part: &impl Part<Owned = K>, tags: &[Tag]) -> Option<V> {
        let Some(mut place) = self.place(part) else {
            self.forget_elsewhere();
            return None;
        };
        place
            .names
            .extend(tags.iter().map(|tag| tag_name(tag.name())));
        let store = self.attach().store;
        let reading = store.ask(|backend| backend.get(place.key, &place.names));
        let found = reading.map(|reading| self.judge(&place, &reading));
        self.invalidate(&[place.names[Place::SHARE]]);
        let _ = store.ask(|backend| backend.remove(place.key));
        match found {
            Ok(Found::Value(value, _)) => Some(value),
            _ => None,
        }
    }

    /// `f::cache_clear`, beyond this process.
    pub fn clear(&'static self) {
        let name = self.attach().name;
        self.invalidate(&[name]);
        for counter in self.counters.all() {
            counter.store(0, Ordering::Relaxed);
        }
    }

    /// `f::cache_insert`, beyond this process: what is computed meanwhile is out of date.
    pub(crate) fn store(
        &'static self,
        part: &impl Part<Owned = K>,
        tags: &[Tag],
        values: &impl Values<V>,
        value: &V,
    ) {
        let Some(mut place) = self.place(part) else {
            self.forget_elsewhere();
            return;
        };
        place
            .names
            .extend(tags.iter().map(|tag| tag_name(tag.name())));
        let store = self.attach().store;
        let ttl = self.terms().0.kept();
        // Before it is said that there is a new one: what is invalidated later, this is too.
        let known = store.ask(|backend| backend.generation(&place.names));
        let epoch = store.ask(|backend| backend.get(place.key, &[]));
        let numbers = self.invalidate(&[place.names[Place::SHARE]]);
        if !values.keeps(value) {
            return;
        }
        let set = || -> Result<(), Failure> {
            let (mut generations, epoch) = (known?, epoch?.epoch);
            let Some(own) = numbers.first() else {
                return Err(Failure::Skipped);
            };
            generations[Place::SHARE] = *own;
            let Some(bytes) = self.seal(&place, (epoch, &generations), Some(value)) else {
                return Err(Failure::Skipped);
            };
            store.ask(|backend| backend.set(place.key, &bytes, ttl, None))
        };
        if let Err(failure) = set() {
            self.counters.note(&failure);
        }
    }

    /// All results are invalid that belong to these generations, here and elsewhere. What is
    /// in the memory of this process is for the caller to remove. Gives the new generations;
    /// none if the store has not been told yet.
    fn invalidate(&'static self, generations: &[Name]) -> Vec<u64> {
        let attached = self.attach();
        let done = attached.store.invalidate(generations, attached.name);
        self.knows(attached, done.before);
        self.noted(done)
    }

    /// What can't be told to the store by name is not there, but it may be in the memory of
    /// other processes.
    fn forget_elsewhere(&'static self) {
        self.invalidate(&[]);
    }

    /// The same after a refresh.
    pub(crate) async fn refreshed_elsewhere(&'static self, way: impl Way) {
        let attached = self.attach();
        let done = way.invalidate(Vec::new(), attached.name).await;
        self.knows(attached, done.before);
        self.noted(done);
    }

    /// What was computed before the refresh of a result is invalid.
    pub(crate) async fn refreshed(&'static self, way: impl Way, place: &Place) -> Vec<u64> {
        let names = vec![place.names[Place::REFRESH]];
        let attached = self.attach();
        let done = way.invalidate(names, attached.name).await;
        self.knows(attached, done.before);
        self.noted(done)
    }

    fn noted(&self, done: Invalidated) -> Vec<u64> {
        if let Some(failure) = done.failure {
            self.counters.note(&failure);
        }
        done.numbers
    }

    /// Its own change is none that was made elsewhere.
    fn knows(&self, attached: &Attached, before: u64) {
        let now = attached.own.load(Ordering::Acquire);
        self.seen.own.step(before, now);
    }

    /// `f::cache_info`: a call that was answered from the store is a hit.
    pub fn info(&'static self, mut info: CacheInfo) -> CacheInfo {
        let [hits, misses, errors, skips] = self
            .counters
            .all()
            .map(|counter| counter.load(Ordering::Relaxed));
        let own = hits.min(info.misses);
        info.hits += own;
        info.misses -= own;
        info.shared_hits = hits;
        info.shared_misses = misses;
        info.shared_errors = errors;
        info.shared_skips = skips;
        info
    }
}

/// Where a call looks at once, if what is there may be believed.
pub struct Fresh<K: 'static, V: 'static>(Option<&'static Slot<K, V>>);

// A hit is to come down to a few instructions, in whatever it stands.
#[allow(clippy::inline_always)]
impl<K, V> Fresh<K, V> {
    /// Answers a call, where the value is to be had at once.
    ///
    /// # Errors
    ///
    /// What is known so far.
    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn __at_once<P: Part<Owned = K>>(
        self,
        values: impl Values<V>,
        part: &P,
    ) -> Result<V, Asked> {
        match self.0 {
            Some(slot) => slot.__at_once(values, part),
            None => Err(Asked::NOTHING),
        }
    }

    /// The same, where the result is not the value.
    ///
    /// # Errors
    ///
    /// Likewise.
    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn __at_once_as<P: Part<Owned = K>, O: Outcome<Value = V>>(
        self,
        outcome: O,
        part: &P,
    ) -> Result<O::Result, Asked> {
        match self.0 {
            Some(slot) => slot.__at_once_as(outcome, part),
            None => Err(Asked::NOTHING),
        }
    }
}

/// The tiers of a function's instantiations.
pub struct Tiers {
    by_type: OnceLock<RwLock<HashMap<TypeId, &'static (dyn Any + Send + Sync)>>>,
}

impl Tiers {
    /// None.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Tiers {
            by_type: OnceLock::new(),
        }
    }

    /// That of an instantiation, which is kept for ever.
    ///
    /// # Panics
    ///
    /// If an instantiation has two types of keys or values.
    pub fn of<I: 'static, K: 'static, V: 'static>(&'static self) -> &'static Tier<K, V> {
        let id = TypeId::of::<I>();
        let by_type = self.by_type.get_or_init(RwLock::default);
        let known = by_type.read().get(&id).copied();
        let tier = known.unwrap_or_else(|| {
            let mut by_type = by_type.write();
            *by_type
                .entry(id)
                .or_insert_with(|| Box::leak(Box::new(Tier::<K, V>::new())))
        });
        let tier: &(dyn Any + Send + Sync) = tier;
        tier.downcast_ref().expect("an instantiation has its types")
    }
}

/// The functions that share their results: two of one name would get each other's.
static KNOWN: Mutex<BTreeSet<Name>> = Mutex::new(BTreeSet::new());

/// The flight of a call, wherever its cache is.
pub(crate) trait IsFlight {
    fn is_flight(&self) -> bool;

    fn is_alone(&self) -> bool;
}

impl<H: Home> IsFlight for lruheap_core::memo::Given<H> {
    fn is_flight(&self) -> bool {
        matches!(self, lruheap_core::memo::Given::Flight(_))
    }

    fn is_alone(&self) -> bool {
        matches!(self, lruheap_core::memo::Given::Flight(flight) if flight.is_alone())
    }
}
