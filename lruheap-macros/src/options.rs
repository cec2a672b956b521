//! Reads what stands in the parentheses of the attribute. Every option is
//! declared here once; its mistakes are collected, and a wrong one falls back
//! to its default so that the rest can be looked at.

mod contradictions;
mod duration;
mod names;
mod setting;
mod shared;
mod values;

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{DeriveInput, Expr, ExprLit, Ident, Lit, Path, Token};

use crate::error::Errors;
use names::{KNOWN, is_list, meant, unknown, written};
use setting::{Setting, skip_to_comma};
use values::{
    boolean, closure, companion, grace, krate, lifetime, maxsize, policy, scope, tags, ungrouped,
    xfetch,
};

pub(crate) use names::is_primitive;
pub(crate) use shared::Shared;

/// Which attribute it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Macro {
    LruCache,
    Cache,
}

/// A value that the macro has read, or an expression for the compiler.
pub(crate) enum Value<T> {
    Known(T),
    Expression(TokenStream),
}

/// A duration, and where it stands.
pub(crate) type Time = Value<(Duration, Span)>;

/// `tags(…)`
pub(crate) struct Tags {
    /// The option's name.
    pub(crate) name: Ident,
    pub(crate) tags: Vec<Expr>,
}

pub(crate) enum Companion {
    Named(Option<Ident>),
    None,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Process,
    Thread,
}

/// The options of one memoized function.
pub(crate) struct Options {
    /// The bound; `None` for none.
    pub(crate) maxsize: Option<Value<TokenStream>>,
    pub(crate) ttl: Option<Time>,
    pub(crate) tti: Option<Time>,
    /// How long an `Err` lives.
    pub(crate) ttl_err: Option<Time>,
    /// How long each value lives.
    pub(crate) ttl_with: Option<Expr>,
    /// How eagerly values are recomputed before their end: the beta.
    pub(crate) xfetch: Option<Value<(f64, Span)>>,
    /// How long past its end a value is served while one caller recomputes it.
    pub(crate) stale: Option<Time>,
    /// How long past its end a value stands in for an `Err`.
    pub(crate) stale_if_error: Option<Time>,
    pub(crate) coalesce: bool,
    pub(crate) typed: Option<bool>,
    pub(crate) scope: Scope,
    pub(crate) cache_err: bool,
    /// Where `cache_none = false` stands.
    pub(crate) drop_none: Option<Span>,
    pub(crate) cache_if: Option<Expr>,
    pub(crate) tags: Option<Tags>,
    pub(crate) shared: Option<Shared>,
    pub(crate) name: Option<Expr>,
    pub(crate) companion: Companion,
    pub(crate) krate: TokenStream,
}

impl Options {
    /// `::lruheap::__private`
    pub(crate) fn private(&self) -> TokenStream {
        let krate = &self.krate;
        quote!(#krate::__private)
    }

    fn new(of: Macro) -> Self {
        Options {
            maxsize: (of == Macro::LruCache).then(|| Value::Known(quote!(128))),
            ttl: None,
            tti: None,
            ttl_err: None,
            ttl_with: None,
            xfetch: None,
            stale: None,
            stale_if_error: None,
            coalesce: true,
            typed: None,
            scope: Scope::Process,
            cache_err: false,
            drop_none: None,
            cache_if: None,
            tags: None,
            shared: None,
            name: None,
            companion: Companion::Named(None),
            krate: quote!(::lruheap),
        }
    }
}

/// Reads the options, noting every mistake.
pub(crate) fn parse(of: Macro, tokens: TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options::new(of);
    let mut seen: Vec<String> = Vec::new();
    let mut wrong: Vec<String> = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let (word, before) = (input.fork().call(Ident::parse_any), errors.len());
            match input.parse::<Setting>() {
                Ok(setting) => set(&mut options, of, setting, &mut seen, errors),
                Err(error) => {
                    errors.push(error);
                    skip_to_comma(input)?;
                }
            }
            if errors.len() > before {
                wrong.extend(word.map(|word| word.unraw().to_string()));
            }
            if !input.is_empty() {
                let comma: syn::Result<Token![,]> = input.parse();
                if let Err(error) = comma {
                    errors.push(syn::Error::new(
                        error.span(),
                        "options are separated by commas",
                    ));
                    skip_to_comma(input)?;
                    let _: Option<Token![,]> = input.parse()?;
                }
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push(error);
    }
    // What such a word was meant to be is no reason for a second message.
    let given = |option: &str| wrong.iter().any(|word| meant(word) == Some(option));
    contradictions::settle(&mut options, given, errors);
    options
}

/// The path of lruheap for a derive: `#[word(crate = some::path)]` on the type.
pub(crate) fn of_derive(input: &DeriveInput, word: &str, errors: &mut Errors) -> TokenStream {
    let mut krate = quote!(::lruheap);
    for attr in input.attrs.iter().filter(|attr| attr.path().is_ident(word)) {
        let read = attr.parse_args_with(|input: ParseStream<'_>| {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            input.call(Path::parse_mod_style)
        });
        match read {
            Ok(path) => krate = path.to_token_stream(),
            Err(_) => errors.at(
                attr,
                format!("on the type, write `#[{word}(crate = some::path)]`, or leave it out"),
            ),
        }
    }
    krate
}

/// Reads the options of an `impl` block: nothing but the path of lruheap.
pub(crate) fn of_block(tokens: TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    if tokens.is_empty() {
        return None;
    }
    let mut mistakes = Errors::default();
    let is_crate = tokens.to_string().starts_with("crate");
    let options = parse(Macro::LruCache, tokens.clone(), &mut mistakes);
    if is_crate && mistakes.is_empty() && !tokens.to_string().contains(',') {
        return Some(options.krate);
    }
    errors.at(
        tokens,
        "the options belong on the methods: on the block stands `#[lru_cache]`, or `#[lru_cache(crate = some::path)]`",
    );
    None
}

fn set(
    options: &mut Options,
    of: Macro,
    setting: Setting,
    seen: &mut Vec<String>,
    errors: &mut Errors,
) {
    let Setting { name, value, list } = setting;
    let word = name.unraw().to_string();
    if !KNOWN.contains(&word.as_str()) {
        errors.at(&name, unknown(&word));
        return;
    }
    if seen.contains(&word) {
        errors.at(
            &name,
            format!("`{word}` is given twice: leave one of the two out"),
        );
        return;
    }
    seen.push(word.clone());
    if is_list(&word) {
        match value {
            Some(value) => errors.at(
                &value,
                format!("this option is a list: `{}`", written(&word)),
            ),
            None if word == "shared" => shared::shared(options, &name, list, errors),
            None => tags(options, &name, list, errors),
        }
        return;
    }
    let value = match (value, list) {
        (Some(value), _) => ungrouped(value),
        (None, list) => {
            let message = match list {
                Some(list) => format!("`{word}` takes a value: write `{word} = {list}`"),
                None => format!("`{word}` needs a value: write `{}`", written(&word)),
            };
            errors.at(&name, message);
            return;
        }
    };
    match word.as_str() {
        "maxsize" if of == Macro::Cache => {
            let message =
                "`#[cache]` has no bound: write `#[lru_cache(maxsize = …)]` for one that has";
            errors.at(&name, message);
        }
        "maxsize" => maxsize(options, &value, errors),
        "ttl" => lifetime(&mut options.ttl, &value, errors),
        "tti" => lifetime(&mut options.tti, &value, errors),
        "ttl_err" => lifetime(&mut options.ttl_err, &value, errors),
        "xfetch" => xfetch(options, &value, errors),
        "stale" => grace(&mut options.stale, &value, errors),
        "stale_if_error" => grace(&mut options.stale_if_error, &value, errors),
        "coalesce" => options.coalesce = boolean(&word, &value, errors).unwrap_or(true),
        "ttl_with" => closure(&mut options.ttl_with, &word, value, errors),
        "typed" => options.typed = boolean(&word, &value, errors),
        "policy" => policy(&value, errors),
        "scope" => scope(options, &value, errors),
        "cache_err" => options.cache_err = boolean(&word, &value, errors).unwrap_or(false),
        "cache_none" => {
            let keep = boolean(&word, &value, errors).unwrap_or(true);
            options.drop_none = (!keep).then(|| name.span());
        }
        "cache_if" => closure(&mut options.cache_if, &word, value, errors),
        "name" => match &value {
            Expr::Lit(ExprLit { lit, .. }) if !matches!(lit, Lit::Str(_)) => {
                errors.at(&value, "`name` is a text: `name = \"prices\"`");
            }
            _ => options.name = Some(value),
        },
        "companion" => companion(options, &value, errors),
        "crate" => krate(options, &value, errors),
        _ => unreachable!("every known option has an arm"),
    }
}
