//! Spans and names of what the macro writes.
//!
//! Generated tokens point at the user's, so that errors do, but count as the
//! macro's: lints that the user turned on don't speak of code that the user
//! did not write. Local names resolve where the macro is defined, so that none
//! of the user's can collide with them.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};

/// The macro's own span, at the place of `span`.
pub(crate) fn generated(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// A local name that no name of the user's can be or see. The underscores keep
/// it from being taken for a constant of the user's, which a pattern would match.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(&format!("__{name}"), Span::mixed_site())
}

/// The same tokens as the macro's own.
pub(crate) fn respan(tokens: TokenStream) -> TokenStream {
    relocate(tokens, &generated)
}

/// The same tokens, all of them at one place.
pub(crate) fn at(span: Span, tokens: &TokenStream) -> TokenStream {
    relocate(tokens.clone(), &|old| old.located_at(span))
}

fn relocate(tokens: TokenStream, to: &impl Fn(Span) -> Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), relocate(group.stream(), to));
                inner.set_span(to(group.span()));
                TokenTree::Group(inner)
            }
            // `$crate` is known by its span alone.
            TokenTree::Ident(ref ident) if ident == "$crate" => token,
            _ => {
                token.set_span(to(token.span()));
                token
            }
        })
        .collect()
}

/// Whether `name` stands among the tokens, at any depth.
pub(crate) fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}
