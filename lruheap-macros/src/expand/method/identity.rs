//! What the caches behind one static are told apart by.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{GenericParam, parse_quote};

use crate::expand::generics;
use crate::expand::place::{Home, Place};
use crate::expand::plan::Plan;

/// What the caches of a method are told apart by, as a declaration and a type.
///
/// An instance that has a cache of its own is told by itself, so that only the
/// method's own parameters matter. Otherwise the type matters as well: its
/// parameters, where they are known, and itself where not.
pub(super) fn identity(plan: &Plan<'_>, home: Home) -> Option<(TokenStream, TokenStream)> {
    let mut params: Vec<GenericParam> = Vec::new();
    let mut arguments: Vec<TokenStream> = Vec::new();
    let block = match &plan.place {
        Place::Inside { block, .. } => *block,
        Place::Beside => None,
    };
    match (home, block) {
        (Home::Instance, _) => {}
        (_, Some(block)) => {
            for param in &block.generics.params {
                add(param, &mut params, &mut arguments, false);
            }
        }
        (_, None) => {
            params.push(parse_quote!(__Self));
            arguments.push(quote!(Self));
        }
    }
    if plan.is_instantiated() {
        for param in &plan.function.sig.generics.params {
            let left_out = matches!(param, GenericParam::Type(param) if plan.is_left_out(param));
            add(param, &mut params, &mut arguments, left_out);
        }
    }
    if params.is_empty() {
        return None;
    }
    let name = format_ident!("__Instance");
    let private = plan.options.private();
    let declaration = generics::marker(&TokenStream::new(), &name, &params, &private);
    Some((declaration, quote!(#name<#(#arguments),*>)))
}

fn add(
    param: &GenericParam,
    params: &mut Vec<GenericParam>,
    arguments: &mut Vec<TokenStream>,
    left_out: bool,
) {
    let name = match param {
        GenericParam::Lifetime(_) => return,
        GenericParam::Type(param) => &param.ident,
        GenericParam::Const(param) => &param.ident,
    };
    params.push(param.clone());
    arguments.push(if left_out { quote!(()) } else { quote!(#name) });
}
