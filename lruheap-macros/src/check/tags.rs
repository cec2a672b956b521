//! What keeps entries from having tags, and tags from seeing the arguments.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Pat;

use crate::error::Errors;
use crate::item::{Function, Home, This};
use crate::options::Options;

pub(super) fn check(function: &Function, options: &Options, errors: &mut Errors) {
    let Some(tags) = &options.tags else {
        return;
    };
    let home = function.this.as_ref().map(This::home);
    if home == Some(Home::Counted { is_local: true }) {
        errors.at(&tags.name, "`invalidate_tag` can't reach the caches of other threads, and what is in an `Rc` belongs to a thread: leave out `tags`, or take `self: &Arc<Self>`");
    }
    let bound = in_patterns(function);
    for tag in &tags.tags {
        let spoken_of = bound
            .iter()
            .find(|name| speaks_of(tag.to_token_stream(), name));
        if let Some(name) = spoken_of {
            errors.at(tag, format!("a tag speaks of parameters by name, and `{name}` is a part of one: give the parameter a name, and take it apart in the body"));
        }
    }
}

/// The names that parameters are taken apart into, and that no parameter has.
fn in_patterns(function: &Function) -> Vec<Ident> {
    let mut bound = Vec::new();
    for param in &function.params {
        if param.name().is_none() {
            names(&param.input.pat, &mut bound);
        }
    }
    let is_of_param = |name: &Ident| {
        function
            .params
            .iter()
            .any(|param| param.name() == Some(name))
    };
    bound.retain(|name| !is_of_param(name));
    bound
}

fn names(pat: &Pat, bound: &mut Vec<Ident>) {
    match pat {
        Pat::Ident(name) => {
            bound.push(name.ident.clone());
            if let Some((_, inner)) = &name.subpat {
                names(inner, bound);
            }
        }
        Pat::Paren(pat) => names(&pat.pat, bound),
        Pat::Reference(pat) => names(&pat.pat, bound),
        Pat::Tuple(pat) => pat.elems.iter().for_each(|pat| names(pat, bound)),
        Pat::TupleStruct(pat) => pat.elems.iter().for_each(|pat| names(pat, bound)),
        Pat::Slice(pat) => pat.elems.iter().for_each(|pat| names(pat, bound)),
        Pat::Struct(pat) => pat.fields.iter().for_each(|field| names(&field.pat, bound)),
        _ => {}
    }
}

/// Whether the variable is used: neither as a field or a path, nor as the name of a
/// field; `format!` finds it in its text.
pub(crate) fn speaks_of(tokens: TokenStream, name: &Ident) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == char);
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) => speaks_of(group.stream(), name),
        TokenTree::Ident(ident) if ident == name => {
            let behind = |char, back| at >= back && is(at - back, char);
            let is_field = behind('.', 1) && !behind('.', 2);
            let is_in_path = behind(':', 1) && behind(':', 2);
            !is_field && !is_in_path && !is(at + 1, ':')
        }
        TokenTree::Literal(text) => {
            let text = text.to_string().replace("{{", "");
            let captured = |end| text.contains(&format!("{{{name}{end}"));
            text.contains('"') && (captured('}') || captured(':'))
        }
        _ => false,
    })
}
