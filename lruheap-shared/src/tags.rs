//! Tags: groups of results of any functions, which all processes invalidate together.

use std::sync::atomic::Ordering;

use lruheap_core::memo::Seen;
use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_128;

use crate::backend::Name;
use crate::store::Store;

/// What the tiers with tags have seen of them.
static TAGGED: Mutex<Vec<&'static Seen>> = Mutex::new(Vec::new());

/// From now on, what this process invalidates by a tag counts as seen here.
pub(crate) fn seen_by(seen: &'static Seen) {
    TAGGED.lock().push(seen);
}

/// What tags are watched under, all together.
pub(crate) fn all_tags() -> Name {
    Name(xxh3_128(b"lruheap: all tags"))
}

pub(crate) fn tag_name(tag: &str) -> Name {
    let mut bytes = b"lruheap: tag ".to_vec();
    bytes.extend(tag.as_bytes());
    Name(xxh3_128(&bytes))
}

/// What has this tag is invalid, in all processes; says how many entries that were in the
/// memory of this one.
pub fn invalidate_tag(tag: &str) -> usize {
    if let Some(store) = Store::if_any() {
        let before = store.invalidate(&[tag_name(tag)], all_tags()).before;
        let now = store.backend().watch(all_tags()).load(Ordering::Acquire);
        for seen in &*TAGGED.lock() {
            seen.step(before, now);
        }
    }
    lruheap_core::invalidate_tag(tag)
}
