//! Which of the function's attributes go where.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Meta};

use super::hygiene::mentions;
use crate::item::Function;

const LINTS: [&str; 5] = ["allow", "warn", "deny", "forbid", "expect"];

/// Whether there is a method at all. Of a function that is known by now, of one
/// in a block it is not.
const PRESENCE: [&str; 2] = ["cfg", "cfg_attr"];

/// Attributes that speak of the body, which moves into `uncached`.
const OF_THE_BODY: [&str; 5] = [
    "inline",
    "cold",
    "target_feature",
    "track_caller",
    "must_use",
];

fn is_one_of(attr: &Attribute, names: &[&str]) -> bool {
    names.iter().any(|name| attr.path().is_ident(name))
}

/// For the function itself: all of them, with `#[allow]` for `#[expect]`.
pub(super) fn for_function(attrs: &[Attribute]) -> TokenStream {
    attrs.iter().map(expect_to_allow).collect()
}

/// For `uncached`, which has the body.
pub(super) fn for_body(function: &Function) -> TokenStream {
    let attrs = &function.attrs;
    let kept = attrs.iter().filter(|attr| {
        is_one_of(attr, &LINTS) || is_one_of(attr, &PRESENCE) || is_one_of(attr, &OF_THE_BODY)
    });
    // What was expected of the function can't be checked any more: it may
    // happen here, in the function, or in neither.
    let kept = kept.map(expect_to_allow);
    // A deprecated function may call itself, and its body is elsewhere now.
    let deprecated = attrs.iter().any(|attr| attr.path().is_ident("deprecated"));
    let allow = deprecated.then(|| quote!(#[allow(deprecated)]));
    // The function itself is blamed for that.
    let many = (function.sig.inputs.len() > MANY_ARGUMENTS)
        .then(|| quote!(#[allow(clippy::too_many_arguments)]));
    kept.chain(allow).chain(many).collect()
}

/// For a function's controls, which repeat the signature.
pub(crate) fn for_controls(function: &Function) -> TokenStream {
    let inherited = inherited(&function.attrs);
    // What can be said of the signature is said of the function; and
    // `cache_insert` has one argument more.
    let allow = (function.sig.inputs.len() >= MANY_ARGUMENTS)
        .then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote!(#inherited #allow)
}

/// As many as clippy takes for granted.
const MANY_ARGUMENTS: usize = 7;

/// What holds for all that is made of an item.
pub(crate) fn inherited(attrs: &[Attribute]) -> TokenStream {
    let kept = attrs
        .iter()
        .filter(|attr| is_one_of(attr, &LINTS) || is_one_of(attr, &PRESENCE));
    kept.map(expect_to_allow).collect()
}

/// For `cache_refresh`, which calls the body.
pub(super) fn for_callers(attrs: &[Attribute]) -> TokenStream {
    let kept = attrs
        .iter()
        .filter(|attr| is_one_of(attr, &["target_feature", "track_caller"]));
    kept.map(ToTokens::to_token_stream).collect()
}

/// Whether the body is to see who called the function: a closure has no callers of its own.
pub(crate) fn tracks_callers(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        is_one_of(attr, &["track_caller"])
            || (is_one_of(attr, &["cfg_attr"])
                && mentions(attr.to_token_stream(), &format_ident!("track_caller")))
    })
}

/// Whether the function is hidden from its documentation.
pub(super) fn is_hidden(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| match &attr.meta {
        Meta::List(list) => list.path.is_ident("doc") && list.tokens.to_string().contains("hidden"),
        _ => false,
    })
}

fn expect_to_allow(attr: &Attribute) -> TokenStream {
    match &attr.meta {
        Meta::List(list) if list.path.is_ident("expect") => {
            let lints = &list.tokens;
            quote!(#[allow(#lints)])
        }
        _ => attr.to_token_stream(),
    }
}
