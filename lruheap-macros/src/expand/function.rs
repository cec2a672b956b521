//! The function itself: its signature as it was, and a body that asks the cache.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::FnArg;

use super::hygiene::generated;
use super::plan::Plan;
use super::{attrs, call};

/// The memoized function, with `inner` items at the start of its body.
pub(super) fn write(plan: &Plan<'_>, inner: &TokenStream) -> TokenStream {
    let attrs = attrs::for_function(&plan.function.attrs);
    let vis = &plan.function.vis;
    let signature = signature(plan);
    let answer = call::answer(plan, &plan.in_function());
    let statements = quote!(#inner #answer);
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
    let mut args = plan.args.iter();
    for input in &mut signature.inputs {
        let typed = match input {
            FnArg::Typed(typed) => typed,
            // The macro's own, as what speaks of it is.
            FnArg::Receiver(receiver) => {
                receiver.self_token.span = generated(receiver.self_token.span);
                continue;
            }
        };
        let Some(arg) = args.next() else { break };
        typed.attrs.clone_from(&arg.input.attrs);
        let name = &arg.name;
        *typed.pat = syn::Pat::Verbatim(quote!(#name));
    }
    signature.to_token_stream()
}
