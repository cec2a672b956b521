//! The function's generic parameters on its companion.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericParam, Generics, Type, TypeParam, TypeParamBound, Visibility, WherePredicate};

use super::hygiene::respan;
use super::key::ungrouped;
use crate::item::Function;
use crate::options::Options;

/// The type and const parameters as arguments.
pub(super) fn type_parameters(generics: &Generics) -> Vec<TokenStream> {
    let is_lifetime = |param: &&GenericParam| matches!(param, GenericParam::Lifetime(_));
    let params = generics.params.iter().filter(|param| !is_lifetime(param));
    params.map(as_argument).collect()
}

/// A parameter as an argument.
pub(crate) fn as_argument(param: &GenericParam) -> TokenStream {
    match param {
        GenericParam::Lifetime(param) => param.lifetime.to_token_stream(),
        GenericParam::Type(param) => param.ident.to_token_stream(),
        GenericParam::Const(param) => {
            let name = &param.ident;
            // A type may go by the same name.
            quote!({ #name })
        }
    }
}

/// The declaration of the companion: a type without values. It lies in the
/// namespace of types only, beside the function.
pub(super) fn companion_type(function: &Function, options: &Options, name: &Ident) -> TokenStream {
    let vis = respan(function.vis.to_token_stream());
    let params = &function.sig.generics.params;
    if params
        .iter()
        .all(|param| matches!(param, GenericParam::Lifetime(_)))
    {
        let open = match function.vis {
            Visibility::Inherited => TokenStream::new(),
            _ => quote!(#[non_exhaustive]),
        };
        return quote!(#open #vis enum #name {});
    }
    marker(&vis, name, params, &options.private())
}

/// A type with these parameters, for what it says of them.
pub(super) fn marker<'p>(
    vis: &TokenStream,
    name: &Ident,
    params: impl IntoIterator<Item = &'p GenericParam>,
    private: &TokenStream,
) -> TokenStream {
    let mut declared = Vec::new();
    let mut types = Vec::new();
    for param in params {
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
    let declared = (!declared.is_empty()).then(|| quote!(<#(#declared),*>));
    quote! {
        #vis struct #name #declared {
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
pub(super) fn lifetimes_in_bounds(generics: &Generics) -> bool {
    let declared: Vec<&Ident> = generics
        .lifetimes()
        .map(|param| &param.lifetime.ident)
        .collect();
    let mentions =
        |tokens: &TokenStream| declared.iter().any(|name| mentions_lifetime(tokens, name));
    let types = generics.type_params().map(ToTokens::to_token_stream);
    types
        .chain(generics.where_clause.iter().map(ToTokens::to_token_stream))
        .any(|tokens| mentions(&tokens))
}

fn mentions_lifetime(tokens: &TokenStream, name: &Ident) -> bool {
    let mut tokens = tokens.clone().into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Punct(tick) if tick.as_char() == '\'' => {
                matches!(tokens.peek(), Some(TokenTree::Ident(ident)) if ident == name)
            }
            TokenTree::Group(group) => mentions_lifetime(&group.stream(), name),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// Whether a type parameter is bounded by `Fn…` or `AsyncFn…`.
pub(super) fn is_closure(param: &TypeParam, generics: &Generics) -> bool {
    bounds_of(param, generics).into_iter().any(is_of_closures)
}

/// The bounds of a type parameter, wherever they stand.
fn bounds_of<'a>(param: &'a TypeParam, generics: &'a Generics) -> Vec<&'a TypeParamBound> {
    let clauses = generics
        .where_clause
        .iter()
        .flat_map(|clause| &clause.predicates);
    let of_clauses = clauses.filter_map(|predicate| match predicate {
        WherePredicate::Type(bound) if is_named(&bound.bounded_ty, &param.ident) => {
            Some(&bound.bounds)
        }
        _ => None,
    });
    param.bounds.iter().chain(of_clauses.flatten()).collect()
}

fn is_named(ty: &Type, name: &Ident) -> bool {
    matches!(ungrouped(ty), Type::Path(path) if path.path.is_ident(name))
}

/// `Fn…` and `AsyncFn…`
fn is_of_closures(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else {
        return false;
    };
    bound.path.segments.last().is_some_and(|last| {
        let name = last.ident.to_string();
        let name = name.strip_prefix("Async").unwrap_or(&name);
        matches!(name, "Fn" | "FnMut" | "FnOnce")
    })
}
