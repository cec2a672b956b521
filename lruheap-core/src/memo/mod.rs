//! What generated code calls. Not for use by hand: nothing in here is covered
//! by semantic versioning.
//!
//! A memoized function makes parts of its arguments, finds its cache, looks them
//! up there, and runs its body if that gives a flight. Types are inferred here
//! rather than written by the macro. Algorithms do not belong here.

mod call;
mod hold;
mod instance;
mod local;
mod method;
mod outcome;
mod place;
mod slot;
mod stale;
mod summary;
mod tracked;

pub use call::{
    Boarding, Flight, IsTag, Tag, answer, answer_as, apart, finish, known, lead, tag, tags,
    tags_of, wait,
};
pub use hold::{
    hold0, hold1, hold2, hold3, hold4, hold5, hold6, hold7, hold8, hold9, hold10, hold11, hold12,
    node0, node1, node2, node3, node4, node5, node6, node7, node8, node9, node10, node11, node12,
    track0, track1, track2, track3, track4, track5, track6, track7, track8, track9, track10,
    track11, track12,
};
pub use instance::{
    CacheHost, FieldForCaches, Hosted, InstanceCaches, InstanceSlots, OfInstance, ShareNode, field,
    hosted,
};
pub use local::{Local, LocalPlace, LocalSlot, LocalSlots};
pub use method::{
    Answer, Arguments, Ask, MethodCache, NoTupleForImplTrait, Refresh, RefreshBeside, Refreshes,
};
pub use outcome::{
    AnyResult, CacheValue, CanFail, HasErr, IsOption, IsResult, OkOnly, OnlyIf, Outcome, Probe,
    Whole, clones, clones_of_results, clones_of_some, if_error, lasting, lasting_errors, ok,
    only_if, timed, whole,
};
pub use slot::{Share, Slot, Slots};
pub use stale::{After, AnyEnd, AnyRan, Behind, Ended, HasCaches, HasRun, Ran, Stale, once, stale};
pub use summary::MethodCaches;
pub use tracked::{OfPointer, Pointer, ShareTracked, TrackedSlots};

pub use crate::cache::{Asked, Engine, Given, Home, Process, Scope, Thread, Values};
pub use crate::key::{
    AnyBorrowedKey, AnyCacheKey, AnyKey, BorrowedKey, CacheKey, KeyProbe, Loose, LooseKey,
    LooseTokens, Part, Shareable, View, borrowed, loose, optional, plain, sequence,
};

pub use crate::seen::{BLIND, Seen};

pub use std::any::TypeId;
pub use std::borrow::ToOwned;
pub use std::clone::Clone;
pub use std::marker::PhantomData;
pub use std::marker::Sized;
pub use std::option::Option;
pub use std::pin::pin;
pub use std::primitive::{bool, usize};
pub use std::rc::Rc;
pub use std::result::Result;
pub use std::sync::Arc;
pub use std::thread::LocalKey;
pub use std::thread_local;
pub use std::time::Duration;
pub use std::vec::Vec;
pub use std::{concat, module_path};

/// Waits for a while, as a task of any executor.
pub async fn pause(time: Duration) {
    crate::timer::pause(time).await;
}

/// A reference to an argument.
pub type Ref<'a, T> = &'a T;

/// The owned form of `T`, which arguments of type `&T` are kept in.
pub type Owned<T> = <T as ToOwned>::Owned;

/// Names an instantiation, by a closure that was written in it: closures have a
/// type each, in which all parameters of the functions and blocks round them are
/// parameters as well. So it tells apart the types of a generic `impl`, the
/// implementors of a trait and a method's own parameters, and leaves out lifetimes:
/// nothing here needs to be `'static` but what the closure captures, which is nothing.
#[inline]
pub fn identity<C: 'static>(_: C) -> TypeId {
    TypeId::of::<C>()
}

/// Applies `cache_if = …`, with the type of its parameter known beforehand.
pub fn accepts<V, F: Fn(&V) -> bool>(accepts: F, value: &V) -> bool {
    accepts(value)
}

/// Applies `ttl_with = …`, likewise.
pub fn lifetime<V, F: Fn(&V) -> Duration>(lifetime: F, value: &V) -> Option<Duration> {
    Some(lifetime(value))
}

/// A bound for `f::cache_resize`: a number, or `None`.
pub trait Bound: Into<Option<usize>> {}

impl<T: Into<Option<usize>>> Bound for T {}

/// Starts building the cache of a function of this name in the module at hand.
#[doc(hidden)]
#[macro_export]
macro_rules! __lruheap_named {
    ($name:literal) => {
        $crate::memo::named_in(::std::module_path!(), $name)
    };
}

pub use crate::__lruheap_named as named;

/// Starts building the cache of the function `name` in `module`.
pub fn named_in(module: &str, name: &str) -> crate::CacheBuilder {
    crate::Cache::builder().name(format!("{module}::{name}"))
}

/// Starts building the cache of the method `name` of `H`.
pub fn method<H: ?Sized>(name: &str) -> crate::CacheBuilder {
    let host = std::any::type_name::<H>();
    crate::Cache::builder()
        .name(format!("{host}::{name}"))
        .kind(crate::CacheKind::Method)
}

/// The value of `maxsize = …`, of the type that it has to have.
pub const fn maxsize(maxsize: usize) -> usize {
    maxsize
}

/// The value of `ttl = …`, of the type that it has to have.
pub const fn ttl_of(ttl: Duration) -> Duration {
    ttl
}

/// The body of the controls of a function that was refused.
///
/// # Panics
///
/// Always; but it is never called, because the refusal is an error.
pub fn refused() -> ! {
    unreachable!("the function was refused at compile time")
}
