//! The names of the options, what they are called elsewhere, and what to say of
//! a name that is none of them.

use super::shared::SHARED;
use crate::error::nearest;

pub(super) const KNOWN: &[&str] = &[
    "maxsize",
    "ttl",
    "tti",
    "ttl_with",
    "ttl_err",
    "xfetch",
    "stale",
    "stale_if_error",
    "coalesce",
    "typed",
    "policy",
    "scope",
    "cache_err",
    "cache_none",
    "cache_if",
    "tags",
    "shared",
    "name",
    "companion",
    "crate",
];

/// How tags are written.
pub(super) const TAGS: &str = "tags(\"courses\", …)";

/// What the options are called elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("size", "maxsize"),
    ("max", "maxsize"),
    ("capacity", "maxsize"),
    ("limit", "maxsize"),
    ("time", "ttl"),
    ("timeout", "ttl"),
    ("expire", "ttl"),
    ("expires", "ttl"),
    ("lifetime", "ttl"),
    ("time_to_live", "ttl"),
    ("result", "cache_err"),
    ("option", "cache_none"),
    ("thread_local", "scope"),
    ("key", "#[key(expr)]` on the parameter, not `key"),
    ("convert", "#[key(expr)]` on the parameter, not `convert"),
    ("sync_writes", "coalesce"),
    ("single_flight", "coalesce"),
    ("time_to_idle", "tti"),
    ("beta", "xfetch"),
    ("grace", "stale"),
    ("swr", "stale"),
    ("stale_while_revalidate", "stale"),
    ("sie", "stale_if_error"),
    ("tag", TAGS),
    ("group", TAGS),
    ("groups", TAGS),
    ("redis", SHARED),
    ("memcached", SHARED),
    ("namespace", SHARED),
    ("version", SHARED),
    ("once", "shared(once = at_most_once)"),
    ("disk", SHARED),
];

/// The option that a name is another one for, or that it was probably meant to be.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    match ELSEWHERE.iter().find(|(theirs, _)| *theirs == word) {
        Some((_, ours)) => Some(ours),
        None => nearest(word, KNOWN),
    }
}

/// What to say of a name that is no option's.
pub(super) fn unknown(word: &str) -> String {
    let is_elsewhere = ELSEWHERE.iter().any(|(theirs, _)| *theirs == word);
    match meant(word) {
        Some(ours) if is_elsewhere => format!("there is no option `{word}`: it is `{ours}`"),
        Some(ours) => format!("there is no option `{word}`: did you mean `{ours}`?"),
        None => format!(
            "there is no option `{word}`: the options are {}",
            KNOWN.join(", ")
        ),
    }
}

/// Whether the option is a list in parentheses, and not `name = value`.
pub(super) fn is_list(word: &str) -> bool {
    matches!(word, "tags" | "shared")
}

/// The option as it is written, for messages.
pub(super) fn written(word: &str) -> String {
    if word == "tags" {
        TAGS.into()
    } else if word == "shared" {
        SHARED.into()
    } else {
        format!("{word} = {}", example(word))
    }
}

/// A value for the option, for messages.
fn example(word: &str) -> &'static str {
    match word {
        "ttl" | "tti" | "ttl_err" | "stale" | "stale_if_error" => "60",
        "ttl_with" | "cache_if" => "|value| …",
        "typed" | "cache_err" | "xfetch" => "true",
        "cache_none" | "coalesce" => "false",
        "policy" => "lru",
        "scope" => "thread",
        "name" => "\"…\"",
        "companion" => "none",
        "crate" => "some::path",
        _ => "128",
    }
}

/// Whether a type of this name would hide one of the language's own.
pub(crate) fn is_primitive(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "char"
            | "str"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "u128"
            | "usize"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "i128"
            | "isize"
            | "f16"
            | "f32"
            | "f64"
            | "f128"
    )
}
