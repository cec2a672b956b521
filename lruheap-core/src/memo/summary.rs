//! Caches without their types: what can be asked of each, and of many together.

use std::rc::Rc;

use crate::cache::{Engine, Scope};
use crate::registry::{CacheReport, Listed};
use crate::stats::{CacheInfo, CacheKind, CacheParameters};
use crate::time::Instant;
use crate::turns::Turns;

/// A cache, whatever its keys and values are.
pub(super) trait AnyCache {
    /// Its counters.
    fn info(&self) -> CacheInfo;
    /// Drops every entry.
    fn clear(&self);
    /// Drops what has expired, says how many.
    fn purge(&self) -> usize;
    /// Drops what has this tag, says how many.
    fn invalidate_tag(&self, tag: &str) -> usize;
    /// When the next entry expires.
    fn next_deadline(&self) -> Option<Instant>;
}

impl<K, V, S: Scope> AnyCache for Engine<K, V, S> {
    fn info(&self) -> CacheInfo {
        Engine::info(self)
    }

    fn clear(&self) {
        Engine::clear(self);
    }

    fn purge(&self) -> usize {
        Engine::purge(self)
    }

    fn invalidate_tag(&self, tag: &str) -> usize {
        Engine::invalidate_tag(self, tag)
    }

    fn next_deadline(&self) -> Option<Instant> {
        Engine::next_deadline(self)
    }
}

/// A cache that stands by itself, or all those of a method.
pub(super) trait Summary {
    /// What reports call it.
    fn name(&self) -> &str;

    /// What they are of.
    fn kind(&self) -> CacheKind {
        CacheKind::Method
    }

    /// As configured; each instance's may have been resized.
    fn parameters(&self) -> CacheParameters;

    /// Visits the cache of each live instance. Nothing is locked meanwhile, and
    /// those that come or go in between may be seen or not.
    fn each(&self, visit: &mut dyn FnMut(&dyn AnyCache));

    /// Drops what belonged to instances that have died.
    fn drop_dead(&self) -> usize {
        0
    }

    /// The instance at this address has changed: what is kept of it here goes, or
    /// all that it is kept among.
    fn outdate(&self, _instance: usize) {}
}

fn sum(of: &(impl Summary + ?Sized)) -> (CacheInfo, usize) {
    let mut sum = CacheInfo {
        maxsize: of.parameters().maxsize,
        ..CacheInfo::default()
    };
    let mut instances = 0;
    of.each(&mut |cache| {
        let info = cache.info();
        sum.hits += info.hits;
        sum.misses += info.misses;
        sum.currsize += info.currsize;
        sum.evictions += info.evictions;
        sum.expirations += info.expirations;
        sum.invalidations += info.invalidations;
        sum.stale += info.stale;
        instances += 1;
    });
    (sum, instances)
}

fn purge(of: &(impl Summary + ?Sized)) -> usize {
    let mut turns = Turns::default();
    let mut dropped = 0;
    turns.take(|| dropped += of.drop_dead());
    of.each(&mut |cache| turns.take(|| dropped += cache.purge()));
    dropped
}

impl<S: Summary> Listed for S {
    fn report(&self) -> Option<CacheReport> {
        let (info, instances) = sum(self);
        (instances > 0).then(|| CacheReport {
            name: self.name().to_string(),
            kind: self.kind(),
            parameters: self.parameters(),
            info,
            instances,
        })
    }

    fn purge(&self) -> usize {
        purge(self)
    }

    fn invalidate_tag(&self, tag: &str) -> usize {
        let mut dropped = 0;
        // Where no entry can have a tag, the instances are left alone.
        if self.parameters().tagged {
            let mut turns = Turns::default();
            self.each(&mut |cache| turns.take(|| dropped += cache.invalidate_tag(tag)));
        }
        dropped
    }

    fn next_deadline(&self) -> Option<Instant> {
        let mut next = None;
        self.each(&mut |cache| next = cache.next_deadline().into_iter().chain(next).min());
        next
    }
}

/// The caches of all live instances together: `Type::m_caches()`.
///
/// Instances count from their first call of the method; one that has died is in
/// none of the figures. Each cache is locked in turn, none while another is: the
/// sums are exact where nothing else happens meanwhile.
pub struct MethodCaches(Members);

enum Members {
    Shared(&'static (dyn Summary + Sync)),
    Local(Rc<dyn Summary>),
}

impl MethodCaches {
    pub(super) fn shared(members: &'static (dyn Summary + Sync)) -> Self {
        MethodCaches(Members::Shared(members))
    }

    pub(super) fn local(members: Rc<dyn Summary>) -> Self {
        MethodCaches(Members::Local(members))
    }

    fn members(&self) -> &dyn Summary {
        match &self.0 {
            Members::Shared(members) => *members,
            Members::Local(members) => &**members,
        }
    }

    /// The sums of the counters and entries. `maxsize` is that of each instance,
    /// as configured. O(instances).
    pub fn cache_info(&self) -> CacheInfo {
        sum(self.members()).0
    }

    /// Clears the cache of every live instance. O(instances).
    pub fn cache_clear(&self) {
        let mut turns = Turns::default();
        self.members()
            .each(&mut |cache| turns.take(|| cache.clear()));
    }

    /// Drops what has expired in each, says how many entries that were.
    pub fn cache_purge(&self) -> usize {
        purge(self.members())
    }

    /// The options, as configured.
    pub fn cache_parameters(&self) -> CacheParameters {
        self.members().parameters()
    }

    /// How many live instances have a cache of this method; 1 where all share
    /// one. O(instances).
    pub fn instances(&self) -> usize {
        let mut instances = 0;
        self.members().each(&mut |_| instances += 1);
        instances
    }
}

impl std::fmt::Debug for MethodCaches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (info, instances) = sum(self.members());
        f.debug_struct("MethodCaches")
            .field("name", &self.members().name())
            .field("instances", &instances)
            .field("info", &info)
            .finish()
    }
}

/// A single cache: a function's, or one that all instances share.
impl<K, V, S: Scope> Summary for Engine<K, V, S> {
    fn name(&self) -> &str {
        Engine::name(self)
    }

    fn kind(&self) -> CacheKind {
        Engine::kind(self)
    }

    fn parameters(&self) -> CacheParameters {
        Engine::parameters(self)
    }

    fn each(&self, visit: &mut dyn FnMut(&dyn AnyCache)) {
        visit(self);
    }

    fn outdate(&self, _instance: usize) {
        Engine::clear(self);
    }
}
