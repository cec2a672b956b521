//! Where the cache of a function lives, and how it is built.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::GenericParam;

use super::hygiene::{at, generated, respan};
use super::plan::Plan;
use crate::options::{Scope, Value};

/// The name of the companion's function that finds the cache.
pub(super) fn finder(scope: Scope) -> TokenStream {
    match scope {
        Scope::Process => quote!(cache),
        Scope::Thread => quote!(__local),
    }
}

/// The companion's function that finds the cache.
pub(super) fn find(plan: &Plan<'_>) -> TokenStream {
    let (span, vis) = (plan.key_span, plan.vis());
    let krate = at(span, &plan.options.krate);
    let private = quote_spanned!(span=> #krate::__private);
    let (key, value) = (&plan.key, &plan.result.value);
    let builder = builder(plan);
    if plan.is_local() {
        let local = quote!(#private::Local<#key, #value>);
        let (slot, get) = if plan.is_instantiated() {
            let instance = instance(plan);
            (quote!(#private::LocalSlots), quote!(get::<#instance, _, _>))
        } else {
            (quote!(#private::LocalSlot<#key, #value>), quote!(get))
        };
        let name = if plan.is_instantiated() {
            quote!(LocalSlots)
        } else {
            quote!(LocalSlot)
        };
        return quote_spanned! {span=>
            fn __local() -> #local {
                #private::thread_local! {
                    static __LRUHEAP: #slot = const { #private::#name::new() };
                }
                #private::#name::#get(&__LRUHEAP, || #builder)
            }
        };
    }
    let doc = plan.doc("The cache itself.");
    let members = &plan.key_members;
    let hold = Ident::new(&format!("hold{}", members.len()), span);
    let hold = quote_spanned!(span=> #private::#hold::<#(#members,)* #value>);
    if plan.is_instantiated() {
        let instance = instance(plan);
        return quote_spanned! {span=>
            #doc
            #vis fn cache() -> &'static #krate::Cache<#key, #value> {
                static __LRUHEAP: #private::Slots = #private::Slots::new();
                __LRUHEAP.get::<#instance, _, _>(|| #hold(#builder))
            }
        };
    }
    quote_spanned! {span=>
        #doc
        #vis fn cache() -> &'static #krate::Cache<#key, #value> {
            static __LRUHEAP: #private::Slot<#key, #value> = #private::Slot::new();
            __LRUHEAP.get(|| #hold(#builder))
        }
    }
}

/// The type that names the instantiation: the companion with its parameters,
/// less those that only occur in what is left out of the key.
fn instance(plan: &Plan<'_>) -> TokenStream {
    let companion = &plan.companion;
    let mut arguments = Vec::new();
    for param in &plan.function.sig.generics.params {
        match param {
            GenericParam::Lifetime(_) => {}
            GenericParam::Const(param) => {
                let name = &param.ident;
                arguments.push(quote!(#name));
            }
            GenericParam::Type(param) if plan.is_left_out(&param.ident) => {
                arguments.push(quote!(()));
            }
            GenericParam::Type(param) => {
                let name = &param.ident;
                arguments.push(quote!(#name));
            }
        }
    }
    quote_spanned!(plan.key_span=> #companion<#(#arguments),*>)
}

/// The builder with the options, as an expression.
fn builder(plan: &Plan<'_>) -> TokenStream {
    let (krate, private, options) = (&plan.options.krate, plan.options.private(), plan.options);
    let name = match &options.name {
        Some(name) => quote!(#name),
        None => {
            let name = format!("::{}", plan.function.name());
            quote!(#private::concat!(#private::module_path!(), #name))
        }
    };
    let maxsize = options.maxsize.as_ref().map(|maxsize| match maxsize {
        Value::Known(number) => quote!(.maxsize(#number)),
        Value::Expression(expr) => quote!(.maxsize(#private::maxsize(#expr))),
    });
    let ttl = options.ttl.as_ref().map(|ttl| match ttl {
        Value::Known((duration, span)) => {
            let (seconds, nanoseconds) = (duration.as_secs(), duration.subsec_nanos());
            quote_spanned!(generated(*span)=> .ttl(#private::Duration::new(#seconds, #nanoseconds)))
        }
        Value::Expression(expr) => quote!(.ttl(#private::ttl_of(#expr))),
    });
    let typed = options.typed.map(|typed| quote!(.typed(#typed)));
    quote!(#krate::Cache::builder().name(#name)#maxsize #ttl #typed)
}

/// The declaration of the companion type.
pub(super) fn companion_type(plan: &Plan<'_>) -> TokenStream {
    let (companion, private, vis) = (&plan.companion, plan.options.private(), plan.vis());
    let params = &plan.function.sig.generics.params;
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
    if declared.is_empty() {
        return quote!(#vis enum #companion {});
    }
    quote! {
        #vis struct #companion<#(#declared),*> {
            marker: #private::PhantomData<(#(#types,)*)>,
        }
    }
}
