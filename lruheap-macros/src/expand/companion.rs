//! The companion: a type of the function's name, whose associated functions
//! are the controls of its cache.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{FnArg, GenericParam, ReturnType, Type};

use super::hygiene::{local, respan};
use super::plan::Plan;
use super::{attrs, cache, function};
use crate::check::is_primitive;
use crate::item::Function;
use crate::options::{Companion, Options};

/// The companion type with all its controls.
pub(super) fn write(plan: &Plan<'_>) -> TokenStream {
    let declaration = cache::companion_type(plan);
    let doc = type_doc(plan);
    let controls = [
        cache::find(plan),
        plan.result.makers(plan.options),
        plan.part_makers(),
        uncached(plan),
        refresh(plan),
        whole_cache(plan),
        one_entry(plan),
    ];
    let block = block(plan, &quote!(#(#controls)*));
    quote!(#doc #declaration #block)
}

/// Without controls, for a function with `companion = none`.
pub(super) fn write_hidden(plan: &Plan<'_>) -> TokenStream {
    let declaration = cache::companion_type(plan);
    let items = [
        cache::find(plan),
        plan.result.makers(plan.options),
        plan.part_makers(),
        uncached(plan),
    ];
    let block = block(plan, &quote!(#(#items)*));
    quote!(#declaration #block)
}

fn type_doc(plan: &Plan<'_>) -> TokenStream {
    if attrs::is_hidden(&plan.function.attrs) {
        return quote!(#[doc(hidden)]);
    }
    let text = format!(
        "The cache of `{}`: its counters and controls.",
        plan.function.name()
    );
    plan.doc(&text)
}

/// The `impl` block. Lifetimes of the function are the block's, too: they
/// may occur in the bounds of its type parameters.
fn block(plan: &Plan<'_>, items: &TokenStream) -> TokenStream {
    let lints = attrs::for_controls(&plan.function.attrs);
    let generics = &plan.function.sig.generics;
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
    let (clause, companion) = (&generics.where_clause, &plan.companion);
    let names = super::plan::type_parameters(plan.function);
    let arguments = if names.is_empty() {
        quote!()
    } else {
        quote!(<#(#names),*>)
    };
    quote! {
        #lints
        impl #params #companion #arguments #clause {
            #items
        }
    }
}

/// The body, with the patterns and the attributes that speak of it.
fn uncached(plan: &Plan<'_>) -> TokenStream {
    let (function, vis) = (plan.function, plan.vis());
    let sig = &function.sig;
    let doc = plan.doc("Runs the body. Cache and counters stay as they are.");
    let safety = safety_doc(plan);
    let attrs = attrs::for_body(&function.attrs);
    let (asyncness, unsafety, body) = (&sig.asyncness, function.unsafety(), &function.body);
    let inputs = plan.args.iter().map(|arg| arg.input);
    let output = &sig.output;
    quote! {
        #doc #safety
        #attrs
        #vis #asyncness #unsafety fn uncached(#(#inputs),*) #output #body
    }
}

fn refresh(plan: &Plan<'_>) -> TokenStream {
    let vis = plan.vis();
    let doc =
        plan.doc("Runs the body now and puts its result in the place of the entry. Not counted.");
    let safety = safety_doc(plan);
    let deprecated = attrs::deprecated(&plan.function.attrs);
    let sig = &plan.function.sig;
    let (asyncness, unsafety) = (&sig.asyncness, plan.function.unsafety());
    let output = respan(sig.output.to_token_stream());
    let parameters = plan.parameters();
    let this = quote!(Self);
    let home = plan.home(&this);
    let (outcome, part) = (plan.result.outcome(plan.options, &this), plan.part(&this));
    let call = function::call(plan, &this);
    let flight = local("flight");
    let refresh = plan.call_at_blamed("refresh", &quote!(#home, #outcome, #part));
    quote! {
        #doc #safety
        #deprecated
        #vis #asyncness #unsafety fn cache_refresh(#(#parameters),*) #output {
            let #flight = #refresh;
            #flight.finish(#call)
        }
    }
}

fn safety_doc(plan: &Plan<'_>) -> TokenStream {
    match plan.function.unsafety() {
        Some(_) => {
            let text = format!("\n# Safety\n\nAs for `{}`.", plan.function.name());
            quote!(#[doc = #text])
        }
        None => TokenStream::new(),
    }
}

/// The controls that take no arguments.
fn whole_cache(plan: &Plan<'_>) -> TokenStream {
    let (krate, vis) = (&plan.options.krate, plan.vis());
    let private = plan.options.private();
    let home = plan.home(&quote!(Self));
    let info = plan.doc("The exact counters.");
    let clear = plan.doc("Drops every entry and zeroes the counters.");
    let parameters = plan.doc("The options of the cache, as configured.");
    let purge = plan.doc("Drops what has expired, says how many entries that were.");
    let resize = plan.doc("Changes the bound, evicting down to it; `None` for no bound.");
    let n = local("n");
    quote! {
        #info
        #vis fn cache_info() -> #krate::CacheInfo { #home.info() }
        #clear
        #vis fn cache_clear() { #home.clear() }
        #parameters
        #vis fn cache_parameters() -> #krate::CacheParameters { #home.parameters() }
        #purge
        #vis fn cache_purge() -> #private::usize { #home.purge() }
        #resize
        #vis fn cache_resize<__N: #private::Into<#private::Option<#private::usize>>>(#n: __N) { #home.resize(#n) }
    }
}

/// The controls that take the function's arguments.
fn one_entry(plan: &Plan<'_>) -> TokenStream {
    let (private, vis) = (plan.options.private(), plan.vis());
    let home = plan.home(&quote!(Self));
    let (part, value) = (plan.part(&quote!(Self)), &plan.result.value);
    let parameters: Vec<TokenStream> = plan.parameters().collect();
    let peek = plan.doc("The live value, if there is one. Counts and touches nothing.");
    let contains = plan.doc("Whether there is a live value. Counts and touches nothing.");
    let ttl = plan.doc("The time that the entry has left; `Duration::MAX` where it never expires, `None` where there is none.");
    let insert = plan.doc("Stores a value, as if the body had returned it.");
    let remove = plan.doc("Removes the entry and gives its value, if it was live.");
    let new = local("value");
    let values = quote!(Self::__values());
    let do_peek = plan.call_at_blamed("peek", &quote!(#home, #values, #part));
    let do_contains = plan.call_at_blamed("contains", &quote!(#home, #part));
    let do_ttl = plan.call_at_blamed("ttl", &quote!(#home, #part));
    let do_insert = plan.call_at_blamed("insert", &quote!(#home, #values, #part, #new));
    let do_remove = plan.call_at_blamed("remove", &quote!(#home, #values, #part));
    quote! {
        #peek
        #vis fn cache_peek(#(#parameters),*) -> #private::Option<#value> {
            #do_peek
        }
        #contains
        #vis fn cache_contains(#(#parameters),*) -> #private::bool {
            #do_contains
        }
        #ttl
        #vis fn cache_ttl(#(#parameters),*) -> #private::Option<#private::Duration> {
            #do_ttl
        }
        #insert
        #vis fn cache_insert(#(#parameters,)* #new: #value) {
            #do_insert
        }
        #remove
        #vis fn cache_remove(#(#parameters),*) -> #private::Option<#value> {
            #do_remove
        }
    }
}

/// A companion for a function that was refused: its controls are there, so
/// that whoever uses them is not told that they are missing, and do nothing.
pub(super) fn stand_in(function: &Function, options: &Options) -> TokenStream {
    let name = match &options.companion {
        Companion::None => return TokenStream::new(),
        Companion::Named(Some(name)) => name.clone(),
        Companion::Named(None) => function.sig.ident.clone(),
    };
    let sig = &function.sig;
    let impossible = function.receiver.is_some()
        || is_primitive(&name.to_string())
        || !sig.generics.params.is_empty()
        || sig.variadic.is_some()
        || mentions_impl_or_self(sig.to_token_stream());
    if impossible {
        return TokenStream::new();
    }
    let krate = &options.krate;
    let private = quote!(#krate::__private);
    let vis = respan(function.vis.to_token_stream());
    let inputs: Vec<TokenStream> = sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Some(respan(typed.ty.to_token_stream())),
            FnArg::Receiver(_) => None,
        })
        .map(|ty| quote!(_: #ty))
        .collect();
    let result = match &sig.output {
        ReturnType::Type(_, ty) if !matches!(**ty, Type::Never(_)) => respan(ty.to_token_stream()),
        _ => quote!(()),
    };
    let (asyncness, unsafety) = (&sig.asyncness, function.unsafety());
    let refused = quote!({ #private::refused() });
    quote! {
        #vis enum #name {}
        #[doc(hidden)]
        impl #name {
            #vis fn cache_info() -> #krate::CacheInfo #refused
            #vis fn cache_clear() #refused
            #vis fn cache_parameters() -> #krate::CacheParameters #refused
            #vis fn cache_purge() -> #private::usize #refused
            #vis fn cache_resize<__N: #private::Into<#private::Option<#private::usize>>>(_: __N) #refused
            #vis #asyncness #unsafety fn uncached(#(#inputs),*) -> #result #refused
            #vis #asyncness #unsafety fn cache_refresh(#(#inputs),*) -> #result #refused
            #vis fn cache_peek(#(#inputs),*) -> #private::Option<#result> #refused
            #vis fn cache_contains(#(#inputs),*) -> #private::bool #refused
            #vis fn cache_ttl(#(#inputs),*) -> #private::Option<#private::Duration> #refused
            #vis fn cache_remove(#(#inputs),*) -> #private::Option<#result> #refused
        }
    }
}

fn mentions_impl_or_self(tokens: TokenStream) -> bool {
    use proc_macro2::TokenTree;
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl" || ident == "Self",
        TokenTree::Group(group) => mentions_impl_or_self(group.stream()),
        _ => false,
    })
}
