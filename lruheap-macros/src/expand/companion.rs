//! The companion: a type of the function's name, whose associated functions
//! are the controls of its cache.

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens, quote};

use super::hygiene::{local, respan};
use super::names::Declared;
use super::place::Place;
use super::plan::Plan;
use super::shared::Sharing;
use super::{attrs, cache, call, generics};
use crate::item::with_statements;

/// The companion type with all its controls.
pub(super) fn write(plan: &Plan<'_>) -> TokenStream {
    let declaration = generics::companion_type(plan.function, plan.options, &plan.companion());
    let doc = type_doc(plan);
    let controls = [
        cache::find(plan),
        plan.result.makers(plan.options, &plan.names),
        plan.part_makers(),
        uncached(plan),
        refresh(plan),
        whole_cache(plan),
        one_entry(plan),
    ];
    let block = block(plan, &quote!(#(#controls)*));
    let lints = attrs::for_controls(plan.function);
    quote!(#doc #lints #declaration #block)
}

/// Without controls, for a function with `companion = none`.
pub(super) fn write_hidden(plan: &Plan<'_>) -> TokenStream {
    let declaration = generics::companion_type(plan.function, plan.options, &plan.companion());
    let items = [
        cache::find(plan),
        plan.result.makers(plan.options, &plan.names),
        plan.part_makers(),
        uncached(plan),
    ];
    let block = block(plan, &quote!(#(#items)*));
    let lints = attrs::for_controls(plan.function);
    quote!(#lints #declaration #block)
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

/// The `impl` block with the controls.
fn block(plan: &Plan<'_>, items: &TokenStream) -> TokenStream {
    let lints = attrs::for_controls(plan.function);
    let head = generics::block_head(&plan.function.sig.generics, &plan.companion());
    quote!(#lints #head { #items })
}

/// The body, with the patterns and the attributes that speak of it.
pub(super) fn uncached(plan: &Plan<'_>) -> TokenStream {
    let (function, vis) = (plan.function, plan.vis());
    let sig = &function.sig;
    let doc = plan.doc("Runs the body. Cache and counters stay as they are.");
    let safety = safety_doc(plan);
    let attrs = attrs::for_body(function);
    // Beside the user's own: one that the macro wrote would keep the compiler from
    // warning of all of them.
    let allow = matches!(plan.place, Place::Inside { .. }).then(|| quote!(#[allow(dead_code)]));
    let (asyncness, unsafety, body) = (&sig.asyncness, function.unsafety(), body(plan));
    let this = function
        .this
        .as_ref()
        .map(|this| this.receiver.to_token_stream());
    let inputs = plan.args.iter().map(|arg| {
        let input = &arg.input;
        // The body need not use what the tags do.
        let used = plan.is_in_tags(&arg.name);
        let allow = used.then(|| quote!(#[allow(unused_variables)]));
        quote!(#allow #input)
    });
    let inputs = this.into_iter().chain(inputs);
    let name = plan.names.control("uncached");
    let Declared { params, clause } = plan.names.declared_with_lifetimes(&TokenStream::new());
    let output = &sig.output;
    quote! {
        #doc #safety
        #attrs #allow
        #vis #asyncness #unsafety fn #name #params (#(#inputs),*) #output #clause #body
    }
}

/// The body; with the trait in scope, where it has left the trait's block.
fn body(plan: &Plan<'_>) -> Option<Group> {
    let body = plan.function.body.as_ref()?;
    Some(match plan.import() {
        Some(import) => with_statements(body, &import),
        None => body.clone(),
    })
}

fn refresh(plan: &Plan<'_>) -> TokenStream {
    let vis = plan.vis();
    let doc =
        plan.doc("Runs the body now and puts its result in the place of the entry. Not counted.");
    let safety = safety_doc(plan);
    let sig = &plan.function.sig;
    let (asyncness, unsafety) = (&sig.asyncness, plan.function.unsafety());
    let output = respan(sig.output.to_token_stream());
    let parameters = plan.parameters();
    let Declared { params, .. } = plan.names.declared_with_lifetimes(&TokenStream::new());
    let body = call::refresh(plan, &plan.in_control());
    let attrs = attrs::for_callers(&plan.function.attrs);
    quote! {
        #doc #safety #attrs
        #vis #asyncness #unsafety fn cache_refresh #params (#(#parameters),*) #output { #body }
    }
}

pub(super) fn safety_doc(plan: &Plan<'_>) -> TokenStream {
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
    let home = plan.home(&plan.in_control());
    let info = plan.doc("The exact counters.");
    let clear = plan.doc("Drops every entry and zeroes the counters.");
    let parameters = plan.doc("The options of the cache, as configured.");
    let purge = plan.doc("Drops what has expired, says how many entries that were.");
    let resize = plan.doc("Changes the bound, evicting down to it; `None` for no bound.");
    let n = local("n");
    let sharing = Sharing::of(plan, &plan.in_control());
    let (own_info, beyond) = match &sharing {
        Some(Sharing { tier, .. }) => (
            quote!(#tier.info(#home.info())),
            // First where all others look: nothing comes back from there.
            Some(quote!(#tier.clear();)),
        ),
        None => (quote!(#home.info()), None),
    };
    quote! {
        #info
        #vis fn cache_info() -> #krate::CacheInfo { #own_info }
        #clear
        #vis fn cache_clear() { #beyond #home.clear() }
        #parameters
        #vis fn cache_parameters() -> #krate::CacheParameters { #home.parameters() }
        #purge
        #vis fn cache_purge() -> #private::usize { #home.purge() }
        #resize
        #vis fn cache_resize<__N: #private::Bound>(#n: __N) { #home.resize(#n) }
    }
}

/// The controls that take the function's arguments.
fn one_entry(plan: &Plan<'_>) -> TokenStream {
    let (private, vis, this) = (plan.options.private(), plan.vis(), plan.in_control());
    let (part, value) = (plan.part(&this), &plan.result.value);
    let parameters: Vec<TokenStream> = plan.parameters().collect();
    let Declared {
        params: generics, ..
    } = plan.names.declared_with_lifetimes(&TokenStream::new());
    let new = local("value");
    let values = quote!(Self::__values());
    let peek = plan.ask(&this, "__peek", &quote!(#values, #part));
    let contains = plan.ask(&this, "__contains", &quote!(#values, #part));
    let ttl = plan.ask(&this, "__ttl", &quote!(#values, #part));
    let insert = call::insert(plan, &this, &values, &new);
    let remove = call::remove(plan, &this, &values);
    let doc_peek = plan.doc("The live value, if there is one. Counts and touches nothing.");
    let doc_contains = plan.doc("Whether there is a live value. Counts and touches nothing.");
    let doc_ttl = plan.doc("The time that the entry has left; `Duration::MAX` where it never expires, `None` where there is none.");
    let doc_insert = plan.doc("Stores a value, as if the body had returned it.");
    let doc_remove = plan.doc("Removes the entry and gives its value, if it was live.");
    quote! {
        #doc_peek
        #vis fn cache_peek #generics (#(#parameters),*) -> #private::Option<#value> { #peek }
        #doc_contains
        #vis fn cache_contains #generics (#(#parameters),*) -> #private::bool { #contains }
        #doc_ttl
        #vis fn cache_ttl #generics (#(#parameters),*) -> #private::Option<#private::Duration> { #ttl }
        #doc_insert
        #vis fn cache_insert #generics (#(#parameters,)* #new: #value) { #insert }
        #doc_remove
        #vis fn cache_remove #generics (#(#parameters),*) -> #private::Option<#value> { #remove }
    }
}
