//! The types of arguments as members of a tuple: where each had lifetimes of its
//! own, all have one that is written.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Lifetime;

/// The type with `'__k` for every lifetime that is left out, is `'_`, or is one of
/// `declared`.
pub(super) fn with_lifetime(ty: TokenStream, declared: &[&Ident]) -> TokenStream {
    let lifetime = Lifetime::new("'__k", Span::call_site());
    rewrite(ty, &lifetime, declared, Elided::AreTheCallers)
}

/// Writes `lifetime` behind each `&` that has none.
pub(super) fn insert(tokens: TokenStream, lifetime: &Lifetime) -> TokenStream {
    rewrite(tokens, lifetime, &[], Elided::AreTheCallers)
}

/// Whose the lifetimes are that are left out, or `'_`. In the types of functions
/// (`fn(&T) -> &T`, `dyn Fn(&T)`) they are those of whoever calls it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Elided {
    AreTheCallers,
    AreAFunctions,
}

fn rewrite(
    tokens: TokenStream,
    lifetime: &Lifetime,
    declared: &[&Ident],
    elided: Elided,
) -> TokenStream {
    let mut out = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut after_word = false;
    // Behind the arguments of a function stands its result, up to where the type
    // ends: how deep in `<…>` that is.
    let mut in_result = false;
    let mut depth = 0_usize;
    while let Some(token) = tokens.next() {
        let is_word = matches!(token, TokenTree::Ident(_));
        if let TokenTree::Punct(punct) = &token {
            match punct.as_char() {
                '<' if in_result => depth += 1,
                '>' if in_result && punct.spacing() == Spacing::Alone && depth > 0 => depth -= 1,
                ',' | '+' if depth == 0 => in_result = false,
                _ => {}
            }
        }
        let is_arguments = after_word
            && matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis);
        if is_arguments && !in_result {
            (in_result, depth) = (true, 0);
        }
        let elided = if in_result {
            Elided::AreAFunctions
        } else {
            elided
        };
        match token {
            TokenTree::Group(group) => {
                let inner = rewrite(group.stream(), lifetime, declared, elided);
                let mut inner = Group::new(group.delimiter(), inner);
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            TokenTree::Punct(punct)
                if punct.as_char() == '&' && elided == Elided::AreTheCallers =>
            {
                let mut alone = Punct::new('&', Spacing::Alone);
                alone.set_span(punct.span());
                out.extend([TokenTree::Punct(alone)]);
                if !is_tick(tokens.peek()) {
                    lifetime.to_tokens(&mut out);
                }
            }
            TokenTree::Punct(tick) if tick.as_char() == '\'' => match tokens.next() {
                Some(TokenTree::Ident(name))
                    if declared.contains(&&name)
                        || (name == "_" && elided == Elided::AreTheCallers) =>
                {
                    lifetime.to_tokens(&mut out);
                }
                name => {
                    out.extend([TokenTree::Punct(tick)]);
                    out.extend(name);
                }
            },
            token => out.extend([token]),
        }
        after_word = is_word;
    }
    out
}

fn is_tick(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(tick)) if tick.as_char() == '\'')
}

#[cfg(test)]
mod unit {
    use super::*;

    fn rewritten(ty: &str) -> String {
        let ty: TokenStream = ty.parse().expect("a type has tokens");
        let own = Ident::new("a", Span::call_site());
        with_lifetime(ty, &[&own]).to_string().replace(' ', "")
    }

    #[test]
    fn each_lifetime_of_the_caller_becomes_one() {
        assert_eq!(rewritten("&str"), "&'__kstr");
        assert_eq!(rewritten("&&'a[&str]"), "&'__k&'__k[&'__kstr]");
        assert_eq!(
            rewritten("Option<&'_ T<'a, 'b>>"),
            "Option<&'__kT<'__k,'b>>"
        );
        assert_eq!(
            rewritten("(&'static str, &mut u8)"),
            "(&'staticstr,&'__kmutu8)"
        );
    }

    #[test]
    fn what_is_of_a_function_type_stays() {
        assert_eq!(rewritten("fn(&str) -> &str"), "fn(&str)->&str");
        assert_eq!(
            rewritten("&'a dyn Fn(&'a str) -> &'a str"),
            "&'__kdynFn(&'__kstr)->&'__kstr"
        );
        assert_eq!(
            rewritten("(&dyn Fn(&str) -> (u8, &str), &u8)"),
            "(&'__kdynFn(&str)->(u8,&str),&'__ku8)"
        );
        assert_eq!(
            rewritten("fn(Cow<'_, str>) -> Vec<&u8>"),
            "fn(Cow<'_,str>)->Vec<&u8>"
        );
        assert_eq!(
            rewritten("Option<fn(&u8) -> Map<&u8, &u8>>"),
            "Option<fn(&u8)->Map<&u8,&u8>>"
        );
    }
}
