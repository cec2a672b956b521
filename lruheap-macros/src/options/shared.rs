//! `shared(…)`: how a function shares its results with other processes.

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprLit, Lit, LitInt, Token};

use super::setting::{Setting, skip_to_comma};
use super::values::{lifetime, ungrouped};
use super::{Options, Time};
use crate::error::{Errors, nearest};

/// How `shared` is written.
pub(super) const SHARED: &str = "shared(ttl = 300, namespace = \"shop\", version = 1)";

const WORDS: [&str; 4] = ["ttl", "namespace", "version", "once"];

/// What may be tried in order to say which store.
const CONNECTS: [&str; 8] = [
    "url",
    "uri",
    "address",
    "store",
    "backend",
    "redis",
    "memcached",
    "lmdb",
];

/// `shared(…)`
pub(crate) struct Shared {
    /// The option's name.
    pub(crate) name: Ident,
    pub(crate) ttl: Option<Time>,
    pub(crate) namespace: Option<Expr>,
    pub(crate) version: Option<Expr>,
    /// Where `at_most_once` stands.
    pub(crate) at_most_once: Option<Span>,
}

/// Reads the option, with what stands in its parentheses.
pub(super) fn shared(
    options: &mut Options,
    name: &Ident,
    list: Option<TokenStream>,
    errors: &mut Errors,
) {
    if !cfg!(feature = "shared") {
        errors.at(
            name,
            "`shared` is behind a feature: write `lruheap = { version = \"…\", features = [\"shared\"] }` in Cargo.toml",
        );
        return;
    }
    let mut shared = Shared {
        name: name.clone(),
        ttl: None,
        namespace: None,
        version: None,
        at_most_once: None,
    };
    let mut seen: Vec<String> = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match input.parse::<Setting>() {
                Ok(setting) => set(&mut shared, setting, &mut seen, errors),
                Err(error) => {
                    errors.push(error);
                    skip_to_comma(input)?;
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>().map_err(|error| {
                    syn::Error::new(
                        error.span(),
                        format!("commas stand between them: `{SHARED}`"),
                    )
                })?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(list.unwrap_or_default()) {
        errors.push(error);
    }
    options.shared = Some(shared);
}

fn set(shared: &mut Shared, setting: Setting, seen: &mut Vec<String>, errors: &mut Errors) {
    let Setting { name, value, .. } = setting;
    let word = name.unraw().to_string();
    if !WORDS.contains(&word.as_str()) {
        let meant = match nearest(&word, &WORDS) {
            _ if word == "at_most_once" || word == "at_least_once" => {
                format!("write `once = {word}`")
            }
            _ if CONNECTS.contains(&word.as_str()) => {
                "the store is for the whole process: `lruheap::shared::connect(\"redis://…\")`"
                    .into()
            }
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are {}", WORDS.join(", ")),
        };
        errors.at(&name, format!("`shared` has no option `{word}`: {meant}"));
        return;
    }
    if seen.contains(&word) {
        let message = format!("`{word}` is given twice: leave one of the two out");
        errors.at(&name, message);
        return;
    }
    seen.push(word.clone());
    let Some(value) = value.map(ungrouped) else {
        let example = match word.as_str() {
            "ttl" => "300",
            "namespace" => "\"shop\"",
            "version" => "1",
            _ => "at_most_once",
        };
        errors.at(
            &name,
            format!("`{word}` needs a value: write `{word} = {example}`"),
        );
        return;
    };
    match word.as_str() {
        "ttl" => lifetime(&mut shared.ttl, &value, errors),
        "namespace" => match &value {
            Expr::Lit(ExprLit { lit, .. }) if !matches!(lit, Lit::Str(_)) => {
                errors.at(&value, "`namespace` is a text: `namespace = \"shop\"`");
            }
            _ => shared.namespace = Some(value),
        },
        "version" => match &value {
            Expr::Lit(ExprLit { lit, .. }) if !is_version(lit) => {
                errors.at(&value, "`version` is a whole number: `version = 2`");
            }
            Expr::Unary(_) => errors.at(&value, "`version` is a whole number: `version = 2`"),
            _ => shared.version = Some(value),
        },
        _ => once(shared, &value, errors),
    }
}

fn is_version(lit: &Lit) -> bool {
    let is_number = |number: &LitInt| number.base10_parse::<u64>().is_ok();
    matches!(lit, Lit::Int(number) if is_number(number))
}

fn once(shared: &mut Shared, value: &Expr, errors: &mut Errors) {
    let word = match value {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    };
    match word {
        Some(word) if word == "at_least_once" => shared.at_most_once = None,
        Some(word) if word == "at_most_once" => shared.at_most_once = Some(word.span()),
        _ => errors.at(value, "`once` is `at_least_once` or `at_most_once`"),
    }
}
