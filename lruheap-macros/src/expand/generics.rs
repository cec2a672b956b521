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

/// `impl<…> name<…> where …`. The lifetimes of the function are the block's,
/// too: they may occur in the bounds of its type parameters.
pub(super) fn block_head(generics: &Generics, name: &Ident) -> TokenStream {
    // The parameters stay the user's tokens, so that what is said of their
    // bounds is the same here and in the function, and is said once.
    let params = generics.params.iter().map(|param| match param {
        GenericParam::Lifetime(_) => respan(param.to_token_stream()),
        _ => param.to_token_stream(),
    });
    let params = if generics.params.is_empty() {
        quote!()
    } else {
        quote!(<#(#params),*>)
    };
    let names = type_parameters(generics);
    let arguments = if names.is_empty() {
        quote!()
    } else {
        quote!(<#(#names),*>)
    };
    let clause = &generics.where_clause;
    quote!(impl #params #name #arguments #clause)
}
