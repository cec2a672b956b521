//! A companion for a function that was refused: its controls are there, so that
//! whoever uses them is not told that they are missing, and do nothing.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, ReturnType, Type};

use super::generics::{block_head, companion_type, lifetimes};
use super::hygiene::{generated, respan};
use super::key::{borrow_in, has_impl};
use super::names::{Declared, Names};
use super::place::{pointer, receiver};
use super::tuple::{insert, with_lifetime};
use crate::block::Block;
use crate::check::{has_no_size, is_associated};
use crate::item::{Function, Param};
use crate::options::{Companion, Options, is_primitive};

/// The stand-in, where there can be one.
pub(super) fn write(function: &Function, options: &Options, block: Option<&Block>) -> TokenStream {
    let sig = &function.sig;
    let mut name = match &options.companion {
        Companion::None => return TokenStream::new(),
        Companion::Named(Some(name)) => name.clone(),
        Companion::Named(None) => sig.ident.clone(),
    };
    name.set_span(generated(name.span()));
    if function.this.is_some() || block.is_some() || is_associated(function) {
        return of_method(function, options, block);
    }
    if is_primitive(&name.to_string()) {
        return TokenStream::new();
    }
    let controls = controls(function, options, &arguments_of(function));
    let (ty, head) = (
        companion_type(function, options, &name),
        block_head(&sig.generics, &name),
    );
    quote! {
        #[doc(hidden)]
        #ty
        #[doc(hidden)]
        #head { #controls }
    }
}

/// The controls of a method: functions of the type, which do nothing.
fn of_method(function: &Function, options: &Options, block: Option<&Block>) -> TokenStream {
    let (krate, private, sig) = (&options.krate, options.private(), &function.sig);
    let names = Names::of_method(function, options, block);
    let vis = match block {
        Some(block) if block.of.is_some() => quote!(pub),
        _ => respan(function.vis.to_token_stream()),
    };
    let is_named = |ty: &Type| {
        !has_impl(ty)
            && borrow_in(ty).is_none()
            && !has_no_size(ty)
            && !matches!(ty, Type::Never(_))
    };
    let value = match &sig.output {
        ReturnType::Type(_, ty) if is_named(ty) => respan(ty.to_token_stream()),
        _ => quote!(()),
    };
    let of_params = || function.params.iter().map(Param::ty);
    let tuple = if of_params().any(has_impl) {
        quote!(#private::NoTupleForImplTrait)
    } else {
        let types = of_params().map(|ty| with_lifetime(respan(ty.to_token_stream()), &[]));
        quote!((#(#types,)*))
    };
    let arguments = quote!(dyn for<'__k> #private::Arguments<'__k, Tuple = #tuple>);
    let this = function.this.as_ref();
    let host = match this.map(|this| pointer(this, options)) {
        Some(Some(pointer)) => pointer,
        Some(None) => quote!(Self),
        None => quote!(()),
    };
    let receiver = this.map(|this| receiver(this, options));
    let receiver = receiver.map(|receiver| insert(receiver, &syn::parse_quote!('__h)));
    let (cache, caches, uncached) = (
        names.control("cache"),
        names.control("caches"),
        names.control("uncached"),
    );
    let Declared { params, clause } = names.declared(&quote!('__h));
    let own = names.declared(&TokenStream::new());
    let (own_params, own_clause) = (&own.params, &own.clause);
    let all = names.declared_with_lifetimes(&TokenStream::new());
    let (all_params, all_clause) = (&all.params, &all.clause);
    let (asyncness, unsafety, output) = (&sig.asyncness, function.unsafety(), &sig.output);
    let this = function
        .this
        .as_ref()
        .map(|this| this.receiver.to_token_stream());
    let inputs = this.into_iter().chain(arguments_of(function));
    let lints = names.lints();
    let refused = quote!({ #private::refused() });
    // A result whose type has no name can't be promised.
    let has_name = !matches!(output, ReturnType::Type(_, ty) if has_impl(ty));
    let uncached = has_name.then(|| {
        quote! {
            #lints #[doc(hidden)]
            #vis #asyncness #unsafety fn #uncached #all_params(#(#inputs),*) #output #all_clause #refused
        }
    });
    quote! {
        #uncached
        #lints #[doc(hidden)]
        #vis fn #cache #params(#receiver) -> #krate::MethodCache<'__h, #host, #arguments, #value, #private::Refresh<#host, #arguments, #value>> #clause #refused
        #lints #[doc(hidden)]
        #vis fn #caches #own_params() -> #krate::MethodCaches #own_clause #refused
    }
}

fn arguments_of(function: &Function) -> Vec<TokenStream> {
    let typed = function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(respan(typed.ty.to_token_stream())),
        FnArg::Receiver(_) => None,
    });
    typed.map(|ty| quote!(_: #ty)).collect()
}

fn controls(function: &Function, options: &Options, arguments: &[TokenStream]) -> TokenStream {
    let (krate, private) = (&options.krate, options.private());
    let vis = respan(function.vis.to_token_stream());
    let refused = quote!({ #private::refused() });
    let value = Ident::new("__V", Span::call_site());
    let lifetimes = lifetimes(&function.sig.generics);
    let lifetimes: Vec<TokenStream> = lifetimes.into_iter().map(respan).collect();
    let own = (!lifetimes.is_empty()).then(|| quote!(<#(#lifetimes),*>));
    let of_arguments = match &function.sig.output {
        // The type of the result can't be named: whoever uses it infers one.
        ReturnType::Type(_, ty) if has_impl(ty) || matches!(**ty, Type::Never(_)) => quote! {
            #vis fn uncached<#(#lifetimes,)* #value>(#(#arguments),*) -> #value #refused
            #vis fn cache_refresh<#(#lifetimes,)* #value>(#(#arguments),*) -> #value #refused
            #vis fn cache_peek<#(#lifetimes,)* #value>(#(#arguments),*) -> #private::Option<#value> #refused
            #vis fn cache_remove<#(#lifetimes,)* #value>(#(#arguments),*) -> #private::Option<#value> #refused
            #vis fn cache_insert<#(#lifetimes,)* #value>(#(#arguments,)* _: #value) #refused
        },
        output => {
            let result = match output {
                ReturnType::Type(_, ty) => respan(ty.to_token_stream()),
                ReturnType::Default => quote!(()),
            };
            let (asyncness, unsafety) = (&function.sig.asyncness, function.unsafety());
            quote! {
                #vis #asyncness #unsafety fn uncached #own (#(#arguments),*) -> #result #refused
                #vis #asyncness #unsafety fn cache_refresh #own (#(#arguments),*) -> #result #refused
                #vis fn cache_peek #own (#(#arguments),*) -> #private::Option<#result> #refused
                #vis fn cache_remove #own (#(#arguments),*) -> #private::Option<#result> #refused
                #vis fn cache_insert<#(#lifetimes,)* #value>(#(#arguments,)* _: #value) #refused
            }
        }
    };
    quote! {
        #vis fn cache_info() -> #krate::CacheInfo #refused
        #vis fn cache_clear() #refused
        #vis fn cache_parameters() -> #krate::CacheParameters #refused
        #vis fn cache_purge() -> #private::usize #refused
        #vis fn cache_resize<__N: #private::Bound>(_: __N) #refused
        #vis fn cache() -> &'static #krate::Cache<(), ()> #refused
        #vis fn cache_contains #own (#(#arguments),*) -> #private::bool #refused
        #vis fn cache_ttl #own (#(#arguments),*) -> #private::Option<#private::Duration> #refused
        #of_arguments
    }
}
