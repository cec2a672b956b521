//! Options that are not for one another. One of the two is left out, so that the rest
//! can be looked at.

use proc_macro2::Span;
use syn::spanned::Spanned;

use super::{Options, Scope, Value};
use crate::error::Errors;

/// Notes the contradictions; `given` says which options were given wrongly.
pub(super) fn settle(options: &mut Options, given: impl Fn(&str) -> bool, errors: &mut Errors) {
    lifetimes(options, errors);
    errors_that_live(options, errors);
    beyond_the_end(options, given, errors);
    out_of_reach(options, errors);
    sharing(options, errors);
}

fn lifetimes(options: &mut Options, errors: &mut Errors) {
    let Some(ttl_with) = options.ttl_with.as_ref().filter(|_| options.ttl.is_some()) else {
        return;
    };
    errors.at(ttl_with, "`ttl_with` says how long each value lives, and `ttl` how long all do: leave one of the two out");
    options.ttl = None;
}

fn errors_that_live(options: &mut Options, errors: &mut Errors) {
    let Some(ttl_err) = &options.ttl_err else {
        return;
    };
    let message = if !options.cache_err {
        "`ttl_err` is for errors that are kept: write `cache_err = true` as well, or leave it out"
    } else if options.ttl_with.is_some() {
        "`ttl_with` is asked about errors as well: leave `ttl_err` out"
    } else {
        return;
    };
    ttl_err.refuse(message, errors);
    options.ttl_err = None;
}

/// What is about the end of a value's time, where values have no such time.
fn beyond_the_end(options: &mut Options, given: impl Fn(&str) -> bool, errors: &mut Errors) {
    if let Some(stale) = options
        .stale_if_error
        .as_ref()
        .filter(|_| options.cache_err)
    {
        stale.refuse("with `cache_err = true` an `Err` is a value as any other, and none stands in for it: leave one of the two out", errors);
        options.stale_if_error = None;
    }
    let has_end = options.ttl.is_some() || options.ttl_with.is_some();
    if has_end || given("ttl") || given("ttl_with") {
        return;
    }
    if let Some(xfetch) = options.xfetch.take() {
        xfetch.refuse("`xfetch` recomputes values as their `ttl` nears its end: write `ttl = 60` as well, or leave it out", errors);
    }
    if let Some(stale) = options.stale.take() {
        stale.refuse(
            "`stale` is for values whose `ttl` is over: write `ttl = 60` as well, or leave it out",
            errors,
        );
    }
    if let Some(stale) = options.stale_if_error.take() {
        stale.refuse("`stale_if_error` is for values whose `ttl` is over: write `ttl = 60` as well, or leave it out", errors);
    }
}

fn out_of_reach(options: &mut Options, errors: &mut Errors) {
    let Some(tags) = options
        .tags
        .as_ref()
        .filter(|_| options.scope == Scope::Thread)
    else {
        return;
    };
    errors.at(&tags.name, "`invalidate_tag` can't reach the caches of other threads: leave out `tags`, or `scope = thread`");
    options.tags = None;
}

/// What can't be shared between processes.
fn sharing(options: &mut Options, errors: &mut Errors) {
    let Some(shared) = &mut options.shared else {
        return;
    };
    if let Some(once) = shared.at_most_once.filter(|_| !options.coalesce) {
        errors.push(syn::Error::new(once, "with `coalesce = false` every caller runs the body, and with `at_most_once` one does: leave one of the two out"));
        shared.at_most_once = None;
    }
    let message = if options.scope == Scope::Thread {
        "`shared` is for all processes, and `scope = thread` for one thread: leave one of the two out"
    } else if options.typed == Some(false) {
        "with `typed = false` numbers of different types are one key, in this process alone: leave it out, or `shared`"
    } else {
        return;
    };
    errors.at(&shared.name, message);
    options.shared = None;
}

impl<T> Value<(T, Span)> {
    /// Where the value stands.
    pub(crate) fn span(&self) -> Span {
        match self {
            Value::Known((_, span)) => *span,
            Value::Expression(tokens) => tokens.span(),
        }
    }

    /// Notes a mistake where the value stands.
    pub(crate) fn refuse(&self, message: &str, errors: &mut Errors) {
        match self {
            Value::Known((_, span)) => errors.push(syn::Error::new(*span, message)),
            Value::Expression(tokens) => errors.at(tokens, message),
        }
    }
}
