//! `#[derive(LooseKey)]`: a value compared by its name and its fields.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, GenericParam};

use crate::error::Errors;
use crate::expand::hygiene::{at, generated, local};
use crate::options;

/// Expands the derive.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let krate = options::of_derive(&input, "loose_key", &mut errors);
    let out = local("out");
    let name = &input.ident;
    let arms = match &input.data {
        Data::Struct(data) => arm(
            &krate,
            &quote!(#name),
            &name.to_string(),
            &data.fields,
            &out,
        ),
        Data::Enum(data) => data
            .variants
            .iter()
            .map(|variant| {
                let path = &variant.ident;
                let label = format!("{name}::{path}");
                arm(&krate, &quote!(#name::#path), &label, &variant.fields, &out)
            })
            .collect(),
        Data::Union(data) => {
            errors.at(
                data.union_token,
                "a union can't be a cache key: what it holds is not known",
            );
            TokenStream::new()
        }
    };
    if !errors.is_empty() {
        return errors.into_tokens();
    }
    let mut generics = input.generics.clone();
    for param in &mut generics.params {
        if let GenericParam::Type(param) = param {
            param.bounds.push(syn::parse_quote!(#krate::LooseKey));
        }
    }
    let (impl_generics, ty_generics, clause) = generics.split_for_impl();
    let a = quote!('lruheap);
    let matching = if arms.is_empty() {
        quote!(match *self {})
    } else {
        quote!(match self { #arms })
    };
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #krate::LooseKey for #name #ty_generics #clause {
            fn tokens<#a>(&#a self, #out: &mut #krate::__private::LooseTokens<#a>) {
                #matching
            }
        }
    }
}

/// A match arm that opens the group and gives the fields.
fn arm(
    krate: &TokenStream,
    path: &TokenStream,
    label: &str,
    fields: &Fields,
    out: &syn::Ident,
) -> TokenStream {
    let private = quote!(#krate::__private);
    let label = format!("::{label}");
    let label = quote!(#private::concat!(#private::module_path!(), #label));
    let names: Vec<_> = fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let mut name = local(&format!("field{index}"));
            name.set_span(name.span().located_at(field.ty.span()));
            name
        })
        .collect();
    let members = fields.members();
    let count = fields.len();
    // At the type of the field, for when that is no loose key.
    let given = fields.iter().zip(&names).map(|(field, name)| {
        let krate = at(generated(field.ty.span()), krate);
        quote_spanned!(generated(field.ty.span())=> #krate::LooseKey::tokens(#name, #out);)
    });
    quote! {
        #path { #(#members: #names),* } => {
            #out.group(#label, #count);
            #(#given)*
        }
    }
}
