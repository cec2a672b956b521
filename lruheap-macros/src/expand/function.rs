//! The function itself: its signature as it was, and a body that asks the cache.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::FnArg;

use super::attrs;
use super::hygiene::local;
use super::plan::Plan;

/// The memoized function, with `inner` items at the start of its body.
pub(super) fn write(plan: &Plan<'_>, inner: &TokenStream) -> TokenStream {
    let attrs = attrs::for_function(&plan.function.attrs);
    let vis = &plan.function.vis;
    let signature = signature(plan);
    let private = plan.options.private();
    let companion = plan.companion_path();
    let (outcome, suffix) = plan.result.outcome(plan.options, &companion);
    let part = plan.part(&companion);
    let lookup = plan.ask(
        &companion,
        &format!("__lookup{suffix}"),
        &quote!(#outcome, #part),
    );
    let (result, flight) = (local("result"), local("flight"));
    let finish = plan.finish(&companion, &flight);
    // The looked-up result is gone before an async body is awaited: it need
    // not be `Send`.
    let statements = quote! {
        #inner
        let #flight = match #lookup {
            #private::Result::Ok(#result) => return #result,
            #private::Result::Err(#flight) => #flight,
        };
        #finish
    };
    // The braces are the user's, so that lints on the function as a whole
    // point at it and not at the attribute.
    let mut body = Group::new(Delimiter::Brace, statements);
    body.set_span(
        plan.function
            .body
            .as_ref()
            .map_or_else(Span::call_site, Group::span),
    );
    quote!(#attrs #vis #signature #body)
}

/// The signature with plain names in the place of patterns.
fn signature(plan: &Plan<'_>) -> TokenStream {
    let mut signature = plan.function.sig.clone();
    for (input, arg) in signature.inputs.iter_mut().zip(&plan.args) {
        let FnArg::Typed(typed) = input else { continue };
        typed.attrs.clone_from(&arg.input.attrs);
        let name = &arg.name;
        *typed.pat = syn::Pat::Verbatim(quote!(#name));
    }
    signature.to_token_stream()
}
