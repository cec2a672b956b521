//! The types of arguments as members of a tuple: where each had lifetimes of its
//! own, all have one that is written.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Lifetime;

/// The type with `'__k` for every lifetime that is left out, is `'_`, or is one of
/// `declared`.
pub(super) fn with_lifetime(ty: TokenStream, declared: &[&Ident]) -> TokenStream {
    let lifetime = Lifetime::new("'__k", Span::call_site());
    replace(insert(ty, &lifetime), declared, &lifetime)
}

/// Writes `lifetime` behind each `&` that has none. Those of function types are
/// not the caller's.
pub(super) fn insert(tokens: TokenStream, lifetime: &Lifetime) -> TokenStream {
    let mut out = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut after_word = false;
    // Behind the arguments of a function type stands its result.
    let mut in_result = false;
    while let Some(token) = tokens.next() {
        let is_word = matches!(token, TokenTree::Ident(_));
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '&' && !in_result => {
                let named =
                    matches!(tokens.peek(), Some(TokenTree::Punct(tick)) if tick.as_char() == '\'');
                let mut punct = proc_macro2::Punct::new('&', proc_macro2::Spacing::Alone);
                punct.set_span(Span::call_site());
                out.extend([TokenTree::Punct(punct)]);
                if !named {
                    lifetime.to_tokens(&mut out);
                }
            }
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Parenthesis && after_word =>
            {
                out.extend([TokenTree::Group(group)]);
                in_result = true;
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), insert(group.stream(), lifetime));
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            token => {
                if matches!(&token, TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | '+'))
                {
                    in_result = false;
                }
                out.extend([token]);
            }
        }
        after_word = is_word;
    }
    out
}

fn replace(tokens: TokenStream, declared: &[&Ident], lifetime: &Lifetime) -> TokenStream {
    let mut out = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(tick) if tick.as_char() == '\'' => match tokens.next() {
                Some(TokenTree::Ident(name)) if name == "_" || declared.contains(&&name) => {
                    lifetime.to_tokens(&mut out);
                }
                name => {
                    out.extend([TokenTree::Punct(tick)]);
                    out.extend(name);
                }
            },
            TokenTree::Group(group) => {
                let mut inner = Group::new(
                    group.delimiter(),
                    replace(group.stream(), declared, lifetime),
                );
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            token => out.extend([token]),
        }
    }
    out
}
