//! `#[derive(CacheHost)]`: finds the field that the caches hang on.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Meta, Type};

use crate::error::Errors;
use crate::expand::as_argument;
use crate::expand::hygiene::{at, generated};
use crate::expand::key::ungrouped;
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
            quote_spanned!(span=> #krate::__private::field(&self.#member))
        }
        None => quote!(#krate::__private::refused()),
    };
    let errors = errors.into_tokens();
    let name = &input.ident;
    let (impl_generics, _, clause) = input.generics.split_for_impl();
    let arguments = input.generics.params.iter().map(as_argument);
    let ty_generics = (!input.generics.params.is_empty()).then(|| quote!(<#(#arguments),*>));
    quote! {
        #errors
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #krate::CacheHost for #name #ty_generics #clause {
            #[inline]
            fn instance_caches(&self) -> &#krate::InstanceCaches { #reach }
        }
    }
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
    let is_mark = |attr: &&Attribute| attr.path().is_ident("cache_host");
    let marks: Vec<&Attribute> = field.attrs.iter().filter(is_mark).collect();
    for mark in &marks {
        if !matches!(mark.meta, Meta::Path(_)) {
            errors.at(mark, "on a field, `#[cache_host]` stands alone");
        }
    }
    for mark in marks.iter().skip(1) {
        errors.at(mark, "one `#[cache_host]` is enough: leave the other out");
    }
    !marks.is_empty()
}

fn is_caches(ty: &Type) -> bool {
    matches!(ungrouped(ty), Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "InstanceCaches"))
}
