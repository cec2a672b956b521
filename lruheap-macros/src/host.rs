//! `#[derive(CacheHost)]`: finds the field that the caches hang on.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, GenericParam, Meta, Type};

use crate::error::Errors;
use crate::expand::hygiene::{at, generated};
use crate::expand::key::ungrouped;
use crate::expand::marker;
use crate::options;

/// Expands the derive.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let krate = options::of_derive(&input, "cache_host", &mut errors);
    let found = match &input.data {
        Data::Struct(data) => field(&input.ident, &data.fields, &mut errors),
        Data::Enum(data) => {
            errors.at(data.enum_token, "an enum has no field that all its values share: put it in a struct beside a field `caches: InstanceCaches`, or write `impl CacheHost` by hand");
            None
        }
        Data::Union(data) => {
            errors.at(data.union_token, "a union has no field of its own for the caches: put it in a struct beside a field `caches: InstanceCaches`");
            None
        }
    };
    // Where it is not known which field it is, whoever calls the memoized methods
    // is not told as well that there is no host.
    let reach = match &found {
        Some((member, ty)) => {
            let span = generated(ty.span());
            let krate = at(span, &krate);
            // Where the type is an alias, it may be one of something else.
            quote_spanned! {span=>
                let __caches: &#krate::InstanceCaches = &self.#member;
                __caches
            }
        }
        None => quote!(#krate::__private::refused()),
    };
    let errors = errors.into_tokens();
    let (name, private) = (&input.ident, quote!(#krate::__private));
    let (declaration, identity) = identity(&input, &private);
    let mut generics = input.generics.clone();
    for param in &mut generics.params {
        if let GenericParam::Type(param) = param {
            param.bounds.push(syn::parse_quote!('static));
        }
    }
    let (impl_generics, _, clause) = generics.split_for_impl();
    let (_, ty_generics, _) = input.generics.split_for_impl();
    quote! {
        #errors
        const _: () = {
            #declaration
            #[automatically_derived]
            #[allow(deprecated)]
            impl #impl_generics #krate::CacheHost for #name #ty_generics #clause {
                type Identity = #identity;
                #[inline]
                fn instance_caches(&self) -> &#krate::InstanceCaches { #reach }
            }
        };
    }
}

/// The type without its lifetimes: what tells it from other types, and its
/// instantiations apart.
fn identity(input: &DeriveInput, private: &TokenStream) -> (TokenStream, TokenStream) {
    let name = format_ident!("__Identity");
    let params = &input.generics.params;
    let names: Vec<&Ident> = params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Lifetime(_) => None,
            GenericParam::Type(param) => Some(&param.ident),
            GenericParam::Const(param) => Some(&param.ident),
        })
        .collect();
    let declaration = marker(&quote!(pub), &name, params, private);
    // It stands for the type and is never made.
    let declaration = quote!(#[allow(dead_code, missing_docs)] #declaration);
    let arguments = (!names.is_empty()).then(|| quote!(<#(#names),*>));
    (declaration, quote!(#name #arguments))
}

/// The field for the caches.
fn field<'i>(
    name: &Ident,
    fields: &'i Fields,
    errors: &mut Errors,
) -> Option<(TokenStream, &'i Type)> {
    let named = |is: &dyn Fn(&Field) -> bool| {
        let members = fields.members().zip(fields);
        let found = members.filter(|(_, field)| is(field));
        found
            .map(|(member, field)| (member.to_token_stream(), field))
            .collect::<Vec<_>>()
    };
    let marked = named(&|field| is_marked(field, &mut Errors::default()));
    for field in fields {
        is_marked(field, errors);
    }
    let found = if marked.is_empty() {
        named(&|field| is_caches(&field.ty))
    } else {
        marked
    };
    match found.as_slice() {
        [(member, field)] => return Some((member.clone(), &field.ty)),
        [] => errors.at(name, format!("`{name}` has no field for the caches of its instances: add `caches: InstanceCaches`, or mark the field with `#[cache_host]` where its type goes by another name")),
        [_, more @ ..] => {
            for (_, field) in more {
                errors.at(field, format!("`{name}` has one field for the caches of its instances, and this is another: leave it out, or mark the one that is meant with `#[cache_host]`"));
            }
        }
    }
    None
}

/// Whether `#[cache_host]` stands on the field.
fn is_marked(field: &Field, errors: &mut Errors) -> bool {
    let mut marks = field
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cache_host"));
    let Some(mark) = marks.next() else {
        return false;
    };
    if !matches!(mark.meta, Meta::Path(_)) {
        errors.at(mark, "on a field, `#[cache_host]` stands alone");
    }
    true
}

fn is_caches(ty: &Type) -> bool {
    matches!(ungrouped(ty), Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "InstanceCaches"))
}
