//! The values of the options: a reader for each kind, with a message for each wrong
//! one.

use std::str::FromStr;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, Lit, Path, Token, UnOp};

use super::names::{TAGS, is_primitive};
use super::{Companion, Options, Scope, Tags, Time, Value, duration};
use crate::error::Errors;

pub(super) fn boolean(word: &str, value: &Expr, errors: &mut Errors) -> Option<bool> {
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
pub(super) fn is_negative(value: &Expr) -> bool {
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
pub(super) fn ungrouped(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => ungrouped(*group.expr),
        Expr::Paren(paren) => ungrouped(*paren.expr),
        value => value,
    }
}

pub(super) fn some_call(value: &Expr) -> bool {
    matches!(value, Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident("Some")))
}

pub(super) fn maxsize(options: &mut Options, value: &Expr, errors: &mut Errors) {
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

/// How long entries live.
pub(super) fn lifetime(place: &mut Option<Time>, value: &Expr, errors: &mut Errors) {
    const ZERO: &str = "a duration of zero would keep nothing: `None` is without one, `maxsize = 0` stores nothing";
    time(place, value, ZERO, errors);
}

/// How long entries may serve beyond their time.
pub(super) fn grace(place: &mut Option<Time>, value: &Expr, errors: &mut Errors) {
    const ZERO: &str = "a duration of zero would serve nothing: leave the option out";
    time(place, value, ZERO, errors);
}

fn time(place: &mut Option<Time>, value: &Expr, zero: &str, errors: &mut Errors) {
    if is_none(value) {
        *place = None;
        return;
    }
    match duration::read(value, zero) {
        Ok(duration) => *place = Some(duration),
        Err(message) => errors.at(value, message),
    }
}

/// `xfetch`: whether, or how eagerly.
pub(super) fn xfetch(options: &mut Options, value: &Expr, errors: &mut Errors) {
    let message = match value {
        Expr::Lit(ExprLit {
            lit: Lit::Bool(is_on),
            ..
        }) => {
            options.xfetch = is_on.value.then(|| Value::Known((1.0, value.span())));
            return;
        }
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => beta(number.base10_digits(), number.suffix()),
        Expr::Lit(ExprLit {
            lit: Lit::Float(number),
            ..
        }) => beta(number.base10_digits(), number.suffix()),
        _ if is_negative(value) => Err(ABOVE_ZERO),
        _ if some_call(value) || is_none(value) => Err(BETA),
        Expr::Lit(_) | Expr::Closure(_) => Err(BETA),
        _ => {
            options.xfetch = Some(Value::Expression(value.to_token_stream()));
            return;
        }
    };
    match message {
        Ok(beta) => options.xfetch = Some(Value::Known((beta, value.span()))),
        Err(message) => errors.at(value, message),
    }
}

const BETA: &str = "`xfetch` is `true`, `false`, or how eagerly, as a number: `xfetch = 2.0` is earlier than `true`, which is 1";
const ABOVE_ZERO: &str = "the beta of `xfetch` is a number above zero: `xfetch = false` is without";

fn beta(digits: &str, suffix: &str) -> Result<f64, &'static str> {
    let beta = f64::from_str(digits).map_err(|_| BETA)?;
    if !matches!(suffix, "" | "f64") {
        Err("the beta of `xfetch` is an `f64`: leave the suffix out")
    } else if beta <= 0.0 {
        Err(ABOVE_ZERO)
    } else if !beta.is_finite() {
        Err("the beta of `xfetch` is a number: this one is beyond `f64`")
    } else {
        Ok(beta)
    }
}

/// `tags(…)`
pub(super) fn tags(
    options: &mut Options,
    name: &Ident,
    list: Option<TokenStream>,
    errors: &mut Errors,
) {
    let Some(list) = list else {
        errors.at(
            name,
            format!("`{name}` is a list in parentheses, with one at least: write `{TAGS}`"),
        );
        return;
    };
    let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
    let tags = match parser.parse2(list) {
        Ok(tags) => tags,
        Err(error) => {
            let message =
                format!("{error}; tags are expressions with commas between them: `{TAGS}`");
            errors.push(syn::Error::new(error.span(), message));
            return;
        }
    };
    let before = errors.len();
    for tag in &tags {
        if matches!(tag, Expr::Lit(ExprLit { lit, .. }) if !matches!(lit, Lit::Str(_))) {
            errors.at(tag, format!("a tag is a string: write `{TAGS}`"));
        } else if let Some(at) = way_out(tag.to_token_stream()) {
            let message = "the expression of a tag can't wait or leave the function: write a function that gives the tag, and call that";
            errors.push(syn::Error::new(at, message));
        }
    }
    options.tags = (errors.len() == before).then(|| Tags {
        name: name.clone(),
        tags: tags.into_iter().collect(),
    });
}

/// Where an expression would wait, or leave what it stands in.
fn way_out(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == "await" || word == "return" => Some(word.span()),
        TokenTree::Punct(mark) if mark.as_char() == '?' => Some(mark.span()),
        TokenTree::Group(group) => way_out(group.stream()),
        _ => None,
    })
}

pub(super) fn policy(value: &Expr, errors: &mut Errors) {
    match word(value) {
        Some(word) if word == "lru" => {}
        Some(word) => errors.at(
            value,
            format!("the policy `{word}` is not there yet: `lru` is, and it is the default"),
        ),
        None => errors.at(value, "`policy` is one word: `policy = lru`"),
    }
}

pub(super) fn scope(options: &mut Options, value: &Expr, errors: &mut Errors) {
    match word(value).map(Ident::to_string).as_deref() {
        Some("process") => options.scope = Scope::Process,
        Some("thread") => options.scope = Scope::Thread,
        _ => errors.at(
            value,
            "`scope` is the word `process` (the default) or `thread`, without quotes",
        ),
    }
}

pub(super) fn closure(place: &mut Option<Expr>, word: &str, value: Expr, errors: &mut Errors) {
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

pub(super) fn companion(options: &mut Options, value: &Expr, errors: &mut Errors) {
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

pub(super) fn krate(options: &mut Options, value: &Expr, errors: &mut Errors) {
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
