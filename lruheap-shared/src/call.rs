//! One call that found nothing in memory: it looks in the store, takes the lease, has the body
//! run and its result stored; for threads and for tasks in the same words.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lruheap_core::memo::{Boarding, Flight, Given, Home, Outcome, Part, Tag, Values};

use crate::backend::{Reading, Token};
use crate::body::{Body, Middle, now};
use crate::error::Error;
use crate::folder::random;
use crate::heart::{Asked, Held};
use crate::store::Failure;
use crate::tags::tag_name;
use crate::tier::{Found, IsFlight, Place, Tier};
use crate::way::{Tasks, Threads, Way};
use crate::within::Within;

/// How long those wait at first who find another computing, and at most.
const SHORT: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_millis(25);

/// How long a call waits at least that may not compute: two that wait for each other are
/// not to wait for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// A result that can say that it is not to be had.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't say that whoever was computing has gone",
    label = "not a `Result` whose error is made of `lruheap::shared::Error`",
    note = "`once = at_most_once` asks for a `Result<T, E>` with `E: From<lruheap::shared::Error>`: implement that for `E`, or leave the option out"
)]
pub trait CanRefuse {
    /// The result that is this error.
    fn refused(error: Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<Error>> CanRefuse for Result<T, E> {
    fn refused(error: Error) -> Self {
        Err(error.into())
    }
}

/// How a result says so. The bound is asked for here and nowhere else, so that the compiler
/// says once what is missing.
pub fn refuses<R: CanRefuse>() -> fn(Error) -> R {
    R::refused
}

/// A call on its way to the store and back.
pub struct Call<K: 'static, V: 'static> {
    tier: &'static Tier<K, V>,
    /// `None` for a call that needs no body.
    place: Option<Place>,
    /// Whether the body runs whatever the store has.
    is_anew: bool,
    /// Whether whoever has the lease may wait for this call.
    is_alone: AtomicBool,
    /// How long the value may live in memory, in nanoseconds.
    left: AtomicU64,
}

/// What a call is to do.
enum Course<V> {
    Take(V, Duration),
    Compute {
        lease: Option<Held>,
        /// What was valid before the body began; `None` where the result can't be stored.
        marks: Option<Marks>,
    },
    Refuse(Error),
}

/// What a body is computed under.
type During = (Option<Held>, Option<Marks>);

struct Marks {
    epoch: u64,
    generations: Vec<u64>,
}

impl<K, V> Tier<K, V> {
    fn call_at(&'static self, place: Option<Place>) -> Call<K, V> {
        Call {
            tier: self,
            place,
            is_anew: false,
            is_alone: AtomicBool::new(false),
            left: AtomicU64::new(u64::MAX),
        }
    }

    /// The call that has been given this.
    pub fn call<H: Home<Key = K, Value = V>>(
        &'static self,
        given: &Given<H>,
        part: &impl Part<Owned = K>,
    ) -> Call<K, V> {
        let call = self.call_at(given.is_flight().then(|| self.place(part)).flatten());
        call.is_alone.store(given.is_alone(), Ordering::Relaxed);
        call
    }

    /// The call of a task that has come so far.
    pub fn call_of<H: Home<Key = K, Value = V>, O>(
        &'static self,
        boarding: &Boarding<H, O>,
        part: &impl Part<Owned = K>,
    ) -> Call<K, V> {
        let needs_body = !boarding.is_held();
        self.call_at(needs_body.then(|| self.place(part)).flatten())
    }

    /// `f::cache_insert`, beyond this process, and the call that memory stores the value by.
    pub fn insert(
        &'static self,
        part: &impl Part<Owned = K>,
        tags: &[Tag],
        values: &impl Values<V>,
        value: &V,
    ) -> Call<K, V> {
        self.store(part, tags, values, value);
        let call = self.call_at(None);
        call.lasts(self.terms().0.kept());
        call
    }

    /// The call of `f::cache_refresh`.
    pub fn anew(&'static self, part: &impl Part<Owned = K>) -> Call<K, V> {
        let mut call = self.call_at(self.place(part));
        call.is_anew = true;
        call
    }
}

impl<K, V> Call<K, V> {
    /// The result belongs to the generations of its tags as well.
    pub fn __tags(&mut self, tags: &[Tag]) {
        if let Some(place) = &mut self.place {
            let names = tags.iter().map(|tag| tag_name(tag.name()));
            place.names.extend(names);
        }
    }

    /// The outcome, of which nothing lives longer in memory than in the store.
    #[inline]
    pub fn __within<O>(&self, outcome: O) -> Within<'_, O> {
        Within {
            outcome,
            left: &self.left,
        }
    }

    /// The same for a flight.
    pub fn __bind<H: Home, O>(&self, flight: Flight<H, O>) -> Flight<H, Within<'_, O>> {
        self.is_alone.store(flight.is_alone(), Ordering::Relaxed);
        // Others may just have found in the store what this is to replace.
        let flight = if self.is_anew {
            flight.newest()
        } else {
            flight
        };
        flight.map(|outcome| self.__within(outcome))
    }

    /// The result that the store has, or that the body gives.
    #[allow(clippy::needless_pass_by_value)] // generated code needs no name for it
    pub fn __through<O: Outcome<Value = V>>(
        &self,
        outcome: O,
        body: impl FnOnce() -> O::Result,
    ) -> O::Result {
        self.run(&outcome, None, body)
    }

    /// The same for a task. The body is the caller's: handed on by value, it would be in the
    /// future that this is once for each hand.
    pub async fn __through_async<O: Outcome<Value = V>, F: Future<Output = O::Result>>(
        &self,
        outcome: O,
        body: Pin<&mut Option<F>>,
    ) -> O::Result {
        self.wait(outcome, None, Body(body)).await
    }

    /// The same where no body runs while another's result may still come.
    #[allow(clippy::needless_pass_by_value)] // likewise
    pub fn __through_once<O: Outcome<Value = V>>(
        &self,
        outcome: O,
        refuse: fn(Error) -> O::Result,
        body: impl FnOnce() -> O::Result,
    ) -> O::Result {
        self.run(&outcome, Some(refuse), body)
    }

    /// The same for a task.
    pub async fn __through_once_async<O: Outcome<Value = V>, F: Future<Output = O::Result>>(
        &self,
        outcome: O,
        refuse: fn(Error) -> O::Result,
        body: Pin<&mut Option<F>>,
    ) -> O::Result {
        self.wait(outcome, Some(refuse), Body(body)).await
    }

    /// For threads. What comes before the body and after it has left the stack while it runs.
    fn run<O: Outcome<Value = V>>(
        &self,
        outcome: &O,
        refuse: Option<fn(Error) -> O::Result>,
        body: impl FnOnce() -> O::Result,
    ) -> O::Result {
        // Dropped here (a panic), the lease is given back.
        let held = match self.before(outcome, refuse) {
            Ok(result) => return result,
            Err(held) => held,
        };
        let result = {
            let _middle = Middle::of(self.place.as_ref().map(|place| place.key));
            body()
        };
        self.after(outcome, &result, held);
        result
    }

    #[inline(never)]
    fn before<O: Outcome<Value = V>>(
        &self,
        outcome: &O,
        refuse: Option<fn(Error) -> O::Result>,
    ) -> Result<O::Result, During> {
        let way = Threads(self.tier.attach().store);
        // Without memory, nothing else knows of such a circle.
        let key = self.place.as_ref().map(|place| place.key);
        if key.is_some_and(Middle::is_in) {
            self.is_alone.store(true, Ordering::Relaxed);
        }
        self.known(outcome, refuse, now(self.begin(way, refuse.is_some())))
    }

    #[inline(never)]
    fn after<O: Outcome<Value = V>>(&self, outcome: &O, result: &O::Result, during: During) {
        let way = Threads(self.tier.attach().store);
        let value = outcome.value(result);
        let kept = value.filter(|value| outcome.keeps(value));
        now(self.end(way, value.is_some(), kept, during));
    }

    /// For tasks. `refuse` is what is done instead of computing twice.
    async fn wait<O: Outcome<Value = V>, F: Future<Output = O::Result>>(
        &self,
        outcome: O,
        refuse: Option<fn(Error) -> O::Result>,
        body: Body<'_, F>,
    ) -> O::Result {
        let way = Tasks(self.tier.attach().store);
        let course = self.begin(way, refuse.is_some()).await;
        let during = match self.known(&outcome, refuse, course) {
            Ok(result) => return result,
            Err(during) => during,
        };
        // Dropped here (a panic, a cancelled future), the lease is given back, after the body.
        let result = body.await;
        let value = outcome.value(&result);
        let kept = value.filter(|value| outcome.keeps(value));
        self.end(way, value.is_some(), kept, during).await;
        result
    }

    /// The result, if no body is needed for it.
    fn known<O: Outcome<Value = V>>(
        &self,
        outcome: &O,
        refuse: Option<fn(Error) -> O::Result>,
        course: Course<V>,
    ) -> Result<O::Result, During> {
        match (course, refuse) {
            (Course::Take(value, left), _) => {
                self.lasts(left);
                Ok(outcome.wrap(value))
            }
            (Course::Refuse(error), Some(refuse)) => Ok(refuse(error)),
            (Course::Refuse(_), None) => Err((None, None)),
            (Course::Compute { lease, marks }, _) => Err((lease, marks)),
        }
    }

    /// What comes before the body.
    async fn begin(&self, way: impl Way, is_strict: bool) -> Course<V> {
        let Some(place) = &self.place else {
            // There is no key: nobody else can be asked.
            if is_strict && !self.is_anew {
                return Course::Refuse(unwritable());
            }
            return Course::Compute {
                lease: None,
                marks: None,
            };
        };
        if self.is_anew {
            return Course::Compute {
                lease: None,
                marks: self.marks(way, place, None).await,
            };
        }
        self.find(way, place, is_strict).await
    }

    /// What comes after it: whether it gave a value, and that value, if it is to be kept.
    async fn end(&self, way: impl Way, is_value: bool, kept: Option<&V>, (lease, marks): During) {
        let Some(place) = &self.place else {
            if self.is_anew && is_value {
                self.tier.refreshed_elsewhere(way).await;
            }
            return;
        };
        self.lasts(self.tier.terms().0.kept());
        match (kept, marks) {
            (Some(value), Some(marks)) => self.store(way, place, value, lease, marks).await,
            // Even so, what was there is not what the body gives any more.
            _ if self.is_anew && is_value => drop(self.tier.refreshed(way, place).await),
            _ => {}
        }
    }

    /// Looks for the value, and for the right to compute it.
    async fn find(&self, way: impl Way, place: &Place, is_strict: bool) -> Course<V> {
        let counters = &self.tier.counters;
        let (token, begin) = (Token(random()), Instant::now());
        let (mut pause, mut has_waited, mut is_counted) = (SHORT, false, false);
        loop {
            let reading = match way.get(place.key, &place.names).await {
                Ok(reading) => reading,
                Err(failure) => return self.give_up(failure, is_strict),
            };
            let found = self.tier.judge(place, &reading);
            if let Found::Value(value, left) = found {
                // One that was counted as a miss before it waited is a hit after all.
                if is_counted {
                    counters.was_no_miss();
                }
                counters.hits.fetch_add(1, Ordering::Relaxed);
                return Course::Take(value, left);
            }
            if !is_counted {
                counters.misses.fetch_add(1, Ordering::Relaxed);
                is_counted = true;
            }
            if let Found::Foreign = found {
                let _ = way.remove(place.key).await;
            }
            // The lease is with a caller of this one: it would be waited for in vain.
            let is_alone = self.is_alone.load(Ordering::Relaxed);
            if is_alone && is_strict {
                return Course::Refuse(Error::Abandoned);
            }
            if is_alone || !self.tier.terms().0.coalesces {
                let marks = self.marks(way, place, Some(reading)).await;
                return Course::Compute { lease: None, marks };
            }
            let store = self.tier.attach().store;
            let asked = Asked::new(store, place.key, token);
            match way.lease(place.key, token).await {
                Ok(true) => {
                    asked.known();
                    let held = Held::new(store, place.key, token);
                    return self.lead(way, place, held, (is_strict, has_waited)).await;
                }
                Ok(false) => asked.known(),
                Err(failure) => {
                    if !failure.is_doubtful() {
                        asked.known();
                    }
                    return self.give_up(failure, is_strict);
                }
            }
            let waited = begin.elapsed();
            if !is_strict && waited >= store.timing.wait {
                let marks = self.marks(way, place, Some(reading)).await;
                return Course::Compute { lease: None, marks };
            }
            if is_strict && waited >= store.timing.wait.max(PATIENCE) {
                return Course::Refuse(Error::Timeout(waited));
            }
            has_waited = true;
            way.pause(pause).await;
            pause = LONG.min(pause * 2);
        }
    }

    /// With the lease in hand: whoever had it before may have brought the value.
    async fn lead(
        &self,
        way: impl Way,
        place: &Place,
        mut held: Held,
        (is_strict, has_waited): (bool, bool),
    ) -> Course<V> {
        let reading = match way.get(place.key, &place.names).await {
            Ok(reading) => reading,
            Err(failure) => return self.give_up(failure, is_strict),
        };
        match self.tier.judge(place, &reading) {
            Found::Value(value, left) => {
                let counters = &self.tier.counters;
                counters.was_no_miss();
                counters.hits.fetch_add(1, Ordering::Relaxed);
                return Course::Take(value, left);
            }
            // Whoever had the lease left no word: it has died, and nobody knows how far it
            // has come.
            Found::Absent if is_strict && has_waited => {
                give_back(way, place, held).await;
                return Course::Refuse(Error::Abandoned);
            }
            // So that what is found later is of whoever has the lease.
            Found::Nothing | Found::Stale | Found::Foreign if is_strict => {
                if let Err(failure) = way.remove(place.key).await {
                    return self.give_up(failure, true);
                }
            }
            Found::Absent | Found::Nothing | Found::Stale | Found::Foreign => {}
        }
        let marks = self.marks(way, place, Some(reading)).await;
        if is_strict {
            // Nobody else would ever have the result of this.
            let Some(marks) = &marks else {
                give_back(way, place, held).await;
                let error = "what the result belongs to can't be read".into();
                return Course::Refuse(Error::Unreachable(error));
            };
            let marks = (marks.epoch, &marks.generations[..]);
            held.word = self.tier.seal(place, marks, None);
        }
        Course::Compute {
            lease: Some(held),
            marks,
        }
    }

    /// The store is no help.
    fn give_up(&self, failure: Failure, is_strict: bool) -> Course<V> {
        self.tier.counters.note(&failure);
        if is_strict {
            return Course::Refuse(match failure {
                Failure::Failed(error) => error,
                Failure::Skipped => self.tier.attach().store.last_error(),
            });
        }
        Course::Compute {
            lease: None,
            marks: None,
        }
    }

    /// What is valid before the body begins. Generations that are missing are made.
    async fn marks(&self, way: impl Way, place: &Place, reading: Option<Reading>) -> Option<Marks> {
        let reading = match reading {
            Some(reading) => reading,
            None => self.noted(way.get(place.key, &place.names).await)?,
        };
        let known: Option<Vec<u64>> = reading.generations.iter().copied().collect();
        let generations = match known {
            Some(generations) if generations.len() == place.names.len() => generations,
            _ => self.noted(way.generation(&place.names).await)?,
        };
        Some(Marks {
            epoch: reading.epoch,
            generations,
        })
    }

    fn noted<T>(&self, answer: Result<T, Failure>) -> Option<T> {
        answer
            .inspect_err(|failure| self.tier.counters.note(failure))
            .ok()
    }

    /// Stores a value that was computed from what the marks say, unless that is out of date.
    async fn store(
        &self,
        way: impl Way,
        place: &Place,
        value: &V,
        mut lease: Option<Held>,
        mut marks: Marks,
    ) {
        // Stored all the same it would be no one's: its generations are not those of now.
        let now = self.noted(way.get(place.key, &place.names).await);
        let is_valid = now.is_some_and(|now| {
            let generations = marks.generations.iter().map(|number| Some(*number));
            now.epoch == marks.epoch && generations.eq(now.generations)
        });
        if self.is_anew {
            // From here on, what was computed before is as invalid as what this replaces. So it
            // is where this may not be stored: another refresh may have ended, and have begun
            // before this one.
            let numbers = self.tier.refreshed(way, place).await;
            let Some(own) = numbers.first() else {
                return;
            };
            marks.generations[Place::REFRESH] = *own;
        }
        if !is_valid {
            return;
        }
        let marks = (marks.epoch, &marks.generations[..]);
        let Some(bytes) = self.tier.seal(place, marks, Some(value)) else {
            self.tier.counters.skips.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let (ttl, token) = (
            self.tier.terms().0.kept(),
            lease.as_ref().map(|held| held.token),
        );
        let set = way.set(place.key, bytes, ttl, token).await;
        if self.noted(set).is_some() {
            if let Some(lease) = lease.take() {
                lease.over();
            }
        }
    }

    /// How long the value may live in memory, if it has this long in the store.
    fn lasts(&self, left: Duration) {
        let Some(left) = self.tier.terms().0.in_memory(left) else {
            return;
        };
        let nanoseconds = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX - 1);
        self.left.store(nanoseconds, Ordering::Relaxed);
    }
}

/// Now, and not a while after: whoever calls next is to wait for nobody.
async fn give_back(way: impl Way, place: &Place, held: Held) {
    if way.release(place.key, held.token).await.is_ok() {
        held.over();
    }
}

#[cold]
fn unwritable() -> Error {
    Error::Other("the arguments can't be serialized, so it can't be asked who computes".into())
}
