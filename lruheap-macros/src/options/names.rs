//! The names of the options, what they are called elsewhere, and what to say of
//! a name that is none of them.

use crate::error::nearest;

pub(super) const KNOWN: &[&str] = &[
    "maxsize",
    "ttl",
    "tti",
    "ttl_with",
    "ttl_err",
    "typed",
    "policy",
    "scope",
    "cache_err",
    "cache_none",
    "cache_if",
    "name",
    "companion",
    "crate",
];

/// In the contract, with an issue of its own each.
pub(super) const NOT_YET: &[&str] = &[
    "coalesce",
    "xfetch",
    "stale",
    "stale_if_error",
    "tags",
    "shared",
];

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
];

/// What to say of a name that is no option's.
pub(super) fn unknown(word: &str) -> String {
    if let Some((_, ours)) = ELSEWHERE.iter().find(|(theirs, _)| *theirs == word) {
        if NOT_YET.contains(ours) {
            return format!("there is no option `{word}`, and `{ours}` is not there yet");
        }
        return format!("there is no option `{word}`: it is `{ours}`");
    }
    let all: Vec<&str> = KNOWN.iter().chain(NOT_YET).copied().collect();
    match nearest(word, &all) {
        Some(known) if NOT_YET.contains(&known) => {
            format!("there is no option `{word}`, and `{known}` is not there yet")
        }
        Some(known) => format!("there is no option `{word}`: did you mean `{known}`?"),
        None => format!(
            "there is no option `{word}`: the options are {}",
            KNOWN.join(", ")
        ),
    }
}

/// A value for the option, for messages.
pub(super) fn example(word: &str) -> &'static str {
    match word {
        "ttl" | "tti" | "ttl_err" => "60",
        "ttl_with" | "cache_if" => "|value| …",
        "typed" | "cache_err" => "true",
        "cache_none" => "false",
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
