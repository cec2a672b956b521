//! Reads what stands in the parentheses of the attribute. Every option is
//! declared here once; its mistakes are collected, and a wrong one falls back
//! to its default so that the rest can be looked at.

mod duration;
mod names;

use std::time::Duration;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{DeriveInput, Expr, ExprLit, ExprUnary, Ident, Lit, Path, Token, UnOp};

use crate::error::Errors;
use names::{KNOWN, NOT_YET, example, unknown};

pub(crate) use names::is_primitive;

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
    pub(crate) ttl: Option<Value<(Duration, Span)>>,
    pub(crate) tti: Option<Value<(Duration, Span)>>,
    /// How long an `Err` lives.
    pub(crate) ttl_err: Option<Value<(Duration, Span)>>,
    /// How long each value lives.
    pub(crate) ttl_with: Option<Expr>,
    pub(crate) typed: Option<bool>,
    pub(crate) scope: Scope,
    pub(crate) cache_err: bool,
    /// Where `cache_none = false` stands.
    pub(crate) drop_none: Option<Span>,
    pub(crate) cache_if: Option<Expr>,
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
            typed: None,
            scope: Scope::Process,
            cache_err: false,
            drop_none: None,
            cache_if: None,
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
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match input.parse::<Setting>() {
                Ok(setting) => set(&mut options, of, setting, &mut seen, errors),
                Err(error) => {
                    errors.push(error);
                    skip_to_comma(input)?;
                }
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
    contradictions(&mut options, errors);
    options
}

/// Notes options that are not for one another, and leaves one of the two out.
fn contradictions(options: &mut Options, errors: &mut Errors) {
    if let Some(ttl_with) = options.ttl_with.as_ref().filter(|_| options.ttl.is_some()) {
        errors.at(ttl_with, "`ttl_with` says how long each value lives, and `ttl` how long all do: leave one of the two out");
        options.ttl = None;
    }
    let Some(ttl_err) = &options.ttl_err else {
        return;
    };
    let at = match ttl_err {
        Value::Known((_, span)) => *span,
        Value::Expression(tokens) => tokens.span(),
    };
    let message = if !options.cache_err {
        "`ttl_err` is for errors that are kept: write `cache_err = true` as well, or leave it out"
    } else if options.ttl_with.is_some() {
        "`ttl_with` is asked about errors as well: leave `ttl_err` out"
    } else {
        return;
    };
    errors.push(syn::Error::new(at, message));
    options.ttl_err = None;
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

/// `name = value`, or `name(…)`, or a name alone.
struct Setting {
    name: Ident,
    value: Option<Expr>,
    list: Option<TokenStream>,
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Lit) || input.peek(Token![-]) {
            let value: TokenTree = input.parse()?;
            let message = "options have names: `maxsize = 128`, `ttl = 60`";
            return Err(syn::Error::new(value.span(), message));
        }
        let name = Ident::parse_any(input).map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected the name of an option, as in `maxsize = 128`",
            )
        })?;
        let mut setting = Setting {
            name,
            value: None,
            list: None,
        };
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            if input.is_empty() || input.peek(Token![,]) {
                let message = format!("`{}` needs a value after the `=`", setting.name);
                return Err(syn::Error::new(setting.name.span(), message));
            }
            setting.value = Some(input.parse()?);
        } else if input.peek(syn::token::Paren) {
            let list;
            syn::parenthesized!(list in input);
            setting.list = Some(list.parse::<TokenStream>()?).filter(|list| !list.is_empty());
        } else if !input.is_empty() && !input.peek(Token![,]) {
            let word = setting.name.unraw().to_string();
            let message = format!(
                "options are written `name = value`: `{word} = {}`",
                example(&word)
            );
            return Err(syn::Error::new(setting.name.span(), message));
        }
        Ok(setting)
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
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
    if NOT_YET.contains(&word.as_str()) {
        errors.at(
            &name,
            format!("`{word}` is not there yet: leave the option out"),
        );
        return;
    }
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
    let value = match (value, list) {
        (Some(value), _) => ungrouped(value),
        (None, Some(list)) => {
            errors.at(
                &name,
                format!("`{word}` takes a value: write `{word} = {list}`"),
            );
            return;
        }
        (None, None) => {
            errors.at(
                &name,
                format!(
                    "`{word}` needs a value: write `{word} = {}`",
                    example(&word)
                ),
            );
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
        "ttl" => duration(&mut options.ttl, &value, errors),
        "tti" => duration(&mut options.tti, &value, errors),
        "ttl_err" => duration(&mut options.ttl_err, &value, errors),
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

fn boolean(word: &str, value: &Expr, errors: &mut Errors) -> Option<bool> {
    if let Expr::Lit(ExprLit {
        lit: Lit::Bool(value),
        ..
    }) = value
    {
        return Some(value.value);
    }
    errors.at(value, format!("`{word}` is `true` or `false`"));
    None
}

/// The word, where the value is a single one.
fn word(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(path) if path.attrs.is_empty() && path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

fn is_none(value: &Expr) -> bool {
    word(value).is_some_and(|word| word == "None")
}

/// Whether the value is `-…`.
fn is_negative(value: &Expr) -> bool {
    matches!(
        value,
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            ..
        })
    )
}

/// The value without the invisible groups that come from a macro's fragments,
/// and without parentheses.
fn ungrouped(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => ungrouped(*group.expr),
        Expr::Paren(paren) => ungrouped(*paren.expr),
        value => value,
    }
}

fn some_call(value: &Expr) -> bool {
    matches!(value, Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident("Some")))
}

fn maxsize(options: &mut Options, value: &Expr, errors: &mut Errors) {
    if is_none(value) {
        options.maxsize = None;
        return;
    }
    let message = match value {
        _ if is_negative(value) => {
            "`maxsize` can't be negative: 0 stores nothing, `None` is without a bound"
        }
        _ if some_call(value) => "write the number itself: `maxsize = 128`, or `maxsize = None`",
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => match number.base10_parse::<usize>() {
            Err(_) => "`maxsize` is a number of entries: this one is beyond `usize`",
            Ok(_) if !matches!(number.suffix(), "" | "usize") => {
                "`maxsize` is a `usize`: leave the suffix out"
            }
            Ok(_) => {
                options.maxsize = Some(Value::Known(number.to_token_stream()));
                return;
            }
        },
        Expr::Lit(ExprLit {
            lit: Lit::Float(_), ..
        }) => "`maxsize` is a whole number of entries, as in `maxsize = 128`",
        Expr::Lit(_) => "`maxsize` is a number of entries, as in `maxsize = 128`, or `None`",
        Expr::Closure(_) => "`maxsize` is a `usize`, as in `maxsize = 128`, not a closure",
        _ => {
            options.maxsize = Some(Value::Expression(value.to_token_stream()));
            return;
        }
    };
    errors.at(value, message);
}

fn duration(place: &mut Option<Value<(Duration, Span)>>, value: &Expr, errors: &mut Errors) {
    if is_none(value) {
        *place = None;
        return;
    }
    match duration::read(value) {
        Ok(duration) => *place = Some(duration),
        Err(message) => errors.at(value, message),
    }
}

fn policy(value: &Expr, errors: &mut Errors) {
    match word(value) {
        Some(word) if word == "lru" => {}
        Some(word) => errors.at(
            value,
            format!("the policy `{word}` is not there yet: `lru` is, and it is the default"),
        ),
        None => errors.at(value, "`policy` is one word: `policy = lru`"),
    }
}

fn scope(options: &mut Options, value: &Expr, errors: &mut Errors) {
    match word(value).map(Ident::to_string).as_deref() {
        Some("process") => options.scope = Scope::Process,
        Some("thread") => options.scope = Scope::Thread,
        _ => errors.at(
            value,
            "`scope` is the word `process` (the default) or `thread`, without quotes",
        ),
    }
}

fn closure(place: &mut Option<Expr>, word: &str, value: Expr, errors: &mut Errors) {
    match &value {
        Expr::Lit(_) => errors.at(
            &value,
            format!("`{word}` is a closure: `{word} = |value| …`"),
        ),
        Expr::Closure(closure) if closure.inputs.len() != 1 => {
            errors.at(
                closure,
                format!("the closure of `{word}` takes the value: `|value| …`"),
            );
        }
        _ => *place = Some(value),
    }
}

fn companion(options: &mut Options, value: &Expr, errors: &mut Errors) {
    match word(value) {
        Some(word) if word == "none" => options.companion = Companion::None,
        Some(word) if ["Self", "self", "super", "crate"].iter().any(|keyword| word == keyword) => {
            errors.at(value, format!("`{word}` is no name for a type: `companion = SomeName`, or `none`"));
        }
        Some(word) if is_primitive(&word.to_string()) => errors.at(
            value,
            format!("a companion type of this name would hide the primitive type `{word}`: choose another, or `none`"),
        ),
        Some(word) => options.companion = Companion::Named(Some(word.clone())),
        None => errors.at(value, "`companion` is a name for the companion type, without quotes (`companion = SomeName`), or `none`"),
    }
}

fn krate(options: &mut Options, value: &Expr, errors: &mut Errors) {
    // Without generic arguments: segments are appended to it.
    let path = Path::parse_mod_style.parse2(value.to_token_stream());
    match path {
        Ok(path) => options.krate = path.to_token_stream(),
        Err(_) => errors.at(
            value,
            "`crate` is the path of lruheap: `crate = some::path`",
        ),
    }
}
