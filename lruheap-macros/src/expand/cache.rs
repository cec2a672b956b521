//! Where the cache of a function lives, and how it is built.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::GenericParam;

use super::generics::{as_argument, type_parameters};
use super::hygiene::{at, generated};
use super::place::Place;
use super::plan::Plan;
use super::shared;
use crate::options::{Scope, Value};

/// The companion's function that finds the cache.
pub(super) fn find(plan: &Plan<'_>) -> TokenStream {
    match plan.options.scope {
        Scope::Process => of_the_process(plan),
        Scope::Thread => of_the_thread(plan),
    }
}

fn of_the_process(plan: &Plan<'_>) -> TokenStream {
    let (span, vis, doc) = (plan.key_span, plan.vis(), plan.doc("The cache itself."));
    let krate = at(span, &plan.options.krate);
    let private = quote_spanned!(span=> #krate::__private);
    let (key, value, builder) = (&plan.key, &plan.result.value, builder(plan));
    let (slot, get) = if plan.is_instantiated() {
        let instance = instance(plan);
        (
            quote_spanned!(span=> Slots),
            quote_spanned!(span=> get::<#instance, _, _>),
        )
    } else {
        (quote_spanned!(span=> Slot), quote_spanned!(span=> get))
    };
    let parameters = (!plan.is_instantiated()).then(|| quote_spanned!(span=> <#key, #value>));
    let hold = hold(plan);
    let build = Ident::new("__build", Span::mixed_site().located_at(span));
    let place = quote_spanned!(span=> static __LRUHEAP: #private::#slot #parameters = #private::#slot::new(););
    let (place, own_place, slots) = if plan.has_slot() {
        let slot = quote_spanned! {span=>
            fn __slot() -> &'static #private::#slot #parameters {
                #place
                &__LRUHEAP
            }
        };
        (quote_spanned!(span=> Self::__slot()), None, Some(slot))
    } else {
        (quote_spanned!(span=> __LRUHEAP), Some(place), None)
    };
    let found = quote_spanned!(span=> #place.#get(#hold, #build));
    let sharing = shared::find(plan);
    let found = match &sharing {
        Some(_) => quote_spanned!(span=> Self::__tier().sync(#found)),
        None => found,
    };
    quote_spanned! {span=>
        #doc
        #vis fn cache() -> &'static #krate::Cache<#key, #value> {
            #own_place
            let #build = || #builder;
            #found
        }
        #slots
        #sharing
    }
}

/// What asks that threads may share the key and the value, as an expression.
pub(super) fn hold(plan: &Plan<'_>) -> TokenStream {
    let span = plan.key_span;
    let private = at(span, &plan.options.private());
    let (members, value) = (&plan.key_members, &plan.result.value);
    let hold = Ident::new(&format!("hold{}", members.len()), span);
    quote_spanned!(span=> #private::#hold::<#(#members,)* #value>())
}

/// The same for instances with a field for their caches.
pub(super) fn node(plan: &Plan<'_>) -> TokenStream {
    let span = plan.key_span;
    let private = at(span, &plan.options.private());
    let (members, value) = (&plan.key_members, &plan.result.value);
    let node = Ident::new(&format!("node{}", members.len()), span);
    quote_spanned!(span=> #private::#node::<#(#members,)* #value>())
}

/// The same for instances that are held in `Arc`, which threads may share as well.
pub(super) fn track(plan: &Plan<'_>, blame: Span) -> TokenStream {
    let span = plan.key_span;
    let private = at(span, &plan.options.private());
    let (members, value) = (&plan.key_members, &plan.result.value);
    let track = Ident::new(&format!("track{}", members.len()), span);
    let this = quote_spanned!(blame=> Self);
    quote_spanned!(span=> #private::#track::<#this, #(#members,)* #value>())
}

fn of_the_thread(plan: &Plan<'_>) -> TokenStream {
    let span = plan.key_span;
    let private = at(span, &plan.options.private());
    let (key, value, builder) = (&plan.key, &plan.result.value, builder(plan));
    let parameters = (!plan.is_instantiated()).then(|| quote_spanned!(span=> <#key, #value>));
    let (slot, get) = if plan.is_instantiated() {
        let instance = instance(plan);
        (
            quote_spanned!(span=> LocalSlots),
            quote_spanned!(span=> get::<#instance, _, _>),
        )
    } else {
        (quote_spanned!(span=> LocalSlot), quote_spanned!(span=> get))
    };
    if !plan.has_slot() {
        return quote_spanned! {span=>
            fn __local() -> #private::Local<#key, #value> {
                #private::thread_local! {
                    static __LRUHEAP: #private::#slot #parameters = const { #private::#slot::new() };
                }
                #private::#slot::#get(&__LRUHEAP, || #builder)
            }
        };
    }
    quote_spanned! {span=>
        fn __local() -> #private::Local<#key, #value> {
            Self::__slot().#get(|| #builder)
        }
        fn __slot() -> #private::LocalPlace<#key, #value> {
            #private::thread_local! {
                static __LRUHEAP: #private::#slot #parameters = const { #private::#slot::new() };
            }
            #private::LocalPlace(&__LRUHEAP)
        }
    }
}

/// The type that names the instantiation: the companion with its parameters,
/// less those that only occur in what is left out of the key.
pub(super) fn instance(plan: &Plan<'_>) -> TokenStream {
    let companion = plan.companion();
    let mut arguments = Vec::new();
    for param in &plan.function.sig.generics.params {
        match param {
            GenericParam::Lifetime(_) => {}
            GenericParam::Type(param) if plan.is_left_out(param) => {
                arguments.push(quote!(()));
            }
            param => arguments.push(as_argument(param)),
        }
    }
    quote_spanned!(plan.key_span=> #companion<#(#arguments),*>)
}

/// The builder with the options, as an expression.
pub(super) fn builder(plan: &Plan<'_>) -> TokenStream {
    let (private, options) = (plan.options.private(), plan.options);
    let named = match &options.name {
        Some(name) => {
            let krate = &options.krate;
            let kind = match &plan.place {
                Place::Beside => TokenStream::new(),
                Place::Inside { .. } => quote!(.kind(#krate::CacheKind::Method)),
            };
            quote!(#krate::Cache::builder().name(#name)#kind)
        }
        None => {
            let name = plan.function.name();
            let own = type_parameters(&plan.function.sig.generics);
            match &plan.place {
                Place::Beside if plan.is_instantiated() => {
                    let instance = instance(plan);
                    quote!(#private::named!(#name).instantiated::<#instance>())
                }
                Place::Beside => quote!(#private::named!(#name)),
                Place::Inside { .. } if plan.is_instantiated() => {
                    quote!(#private::method::<Self>(#name).instantiated::<__Parameters<#(#own),*>>())
                }
                Place::Inside { .. } => quote!(#private::method::<Self>(#name)),
            }
        }
    };
    let maxsize = options.maxsize.as_ref().map(|maxsize| match maxsize {
        Value::Known(number) => quote!(.maxsize(#number)),
        Value::Expression(expr) => quote!(.maxsize(#private::maxsize(#expr))),
    });
    let ttl = options.ttl.as_ref().map(|ttl| {
        let ttl = duration(ttl, &private);
        quote!(.ttl(#ttl))
    });
    let tti = options.tti.as_ref().map(|tti| {
        let tti = duration(tti, &private);
        quote!(.tti(#tti))
    });
    let typed = options.typed.map(|typed| quote!(.typed(#typed)));
    let (refreshing, tagged) = (refreshing(plan), options.tags.as_ref());
    let tagged = tagged.map(|_| quote!(.tagged()));
    let apart = (!options.coalesce).then(|| quote!(.coalesce(false)));
    quote!(#named #maxsize #ttl #tti #refreshing #apart #typed #tagged)
}

/// What the builder is told of values near their end and beyond it.
fn refreshing(plan: &Plan<'_>) -> TokenStream {
    let (private, options) = (plan.options.private(), plan.options);
    let xfetch = options.xfetch.as_ref().map(|xfetch| {
        let span = generated(xfetch.span());
        let beta = match xfetch {
            Value::Known((beta, _)) => quote_spanned!(span=> #beta),
            Value::Expression(expr) => expr.clone(),
        };
        quote_spanned!(span=> .xfetch(#beta))
    });
    let stale = options.stale.as_ref().map(|stale| {
        let stale = duration(stale, &private);
        quote!(.stale(#stale))
    });
    let stale_if_error = plan.result.stale_if_error(options);
    let stale_if_error = stale_if_error.map(|stale| quote!(.stale_if_error(#stale)));
    quote!(#xfetch #stale #stale_if_error)
}

/// A duration as an expression.
pub(super) fn duration(value: &Value<(Duration, Span)>, private: &TokenStream) -> TokenStream {
    match value {
        Value::Known((duration, span)) => {
            let (seconds, nanoseconds) = (duration.as_secs(), duration.subsec_nanos());
            quote_spanned!(generated(*span)=> #private::Duration::new(#seconds, #nanoseconds))
        }
        Value::Expression(expr) => quote!(#private::ttl_of(#expr)),
    }
}
