//! The function's generic parameters on its companion.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{GenericParam, Generics, Visibility};

use super::hygiene::respan;
use crate::item::Function;
use crate::options::Options;

/// The names of the type and const parameters.
pub(super) fn type_parameters(generics: &Generics) -> Vec<Ident> {
    let params = generics.params.iter();
    params
        .filter_map(|param| match param {
            GenericParam::Lifetime(_) => None,
            GenericParam::Type(param) => Some(param.ident.clone()),
            GenericParam::Const(param) => Some(param.ident.clone()),
        })
        .collect()
}

/// The declaration of the companion: a type without values. It lies in the
/// namespace of types only, beside the function.
pub(super) fn companion_type(function: &Function, options: &Options, name: &Ident) -> TokenStream {
    let (private, vis) = (options.private(), respan(function.vis.to_token_stream()));
    let mut declared = Vec::new();
    let mut types = Vec::new();
    for param in &function.sig.generics.params {
        match param {
            GenericParam::Lifetime(_) => {}
            GenericParam::Type(param) => {
                let name = &param.ident;
                declared.push(quote!(#name: ?#private::Sized));
                types.push(quote!(fn(&#name)));
            }
            GenericParam::Const(param) => {
                let (name, ty) = (&param.ident, respan(param.ty.to_token_stream()));
                declared.push(quote!(const #name: #ty));
            }
        }
    }
    if declared.is_empty() {
        let open = match function.vis {
            Visibility::Inherited => TokenStream::new(),
            _ => quote!(#[non_exhaustive]),
        };
        return quote!(#open #vis enum #name {});
    }
    quote! {
        #vis struct #name<#(#declared),*> {
            marker: #private::PhantomData<(#(#types,)*)>,
        }
    }
}

/// `impl<…> name<…> where …`, with those lifetimes that occur in its bounds.
pub(super) fn block_head(generics: &Generics, name: &Ident) -> TokenStream {
    let in_bounds = lifetimes_in_bounds(generics);
    // The parameters stay the user's tokens, so that what is said of their
    // bounds is the same here and in the function, and is said once.
    let params = generics.params.iter().filter_map(|param| match param {
        GenericParam::Lifetime(_) => in_bounds.then(|| respan(param.to_token_stream())),
        _ => Some(param.to_token_stream()),
    });
    let params: Vec<TokenStream> = params.collect();
    let params = (!params.is_empty()).then(|| quote!(<#(#params),*>));
    let names = type_parameters(generics);
    let arguments = (!names.is_empty()).then(|| quote!(<#(#names),*>));
    let clause = &generics.where_clause;
    quote!(impl #params #name #arguments #clause)
}

/// The lifetimes that each function of the block declares, so that it is as
/// general as the function itself: none where the block has them.
pub(super) fn lifetimes(generics: &Generics) -> Vec<TokenStream> {
    if lifetimes_in_bounds(generics) {
        return Vec::new();
    }
    let lifetimes = generics.lifetimes().map(ToTokens::to_token_stream);
    lifetimes.collect()
}

/// Whether the bounds of the type parameters speak of the function's lifetimes.
fn lifetimes_in_bounds(generics: &Generics) -> bool {
    let declared: Vec<_> = generics.lifetimes().map(|param| &param.lifetime).collect();
    let mentions = |tokens: TokenStream| {
        let text = tokens.to_string();
        declared
            .iter()
            .any(|lifetime| text.contains(&lifetime.to_string()))
    };
    let types = generics.type_params().map(ToTokens::to_token_stream);
    types
        .chain(generics.where_clause.iter().map(ToTokens::to_token_stream))
        .any(mentions)
}
