//! `#[cache_invalidate]`. What hangs on the instance is cleared by a guard at the
//! start of the body, which stays where it is: so that holds for every way out of
//! it, and in the `impl` of a trait as well. What is kept by other functions is
//! dropped behind the body, unless it gave an `Err`.

mod targets;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ReturnType, Type};

use crate::check::CLEARS_ITSELF;
use crate::error::Errors;
use crate::expand::hygiene::{at, generated, local, mentions, respan};
use crate::expand::key::has_impl;
use crate::item::{Function, Holding, Param, This, with_statements, without_inner_attributes};
use targets::Targets;

/// Expands the attribute.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let item = without_groups(item);
    let function = match Function::read(item.clone(), &mut errors) {
        Ok(function) => function,
        Err(error) => {
            errors.push(syn::Error::new(
                error.span(),
                "`#[cache_invalidate]` is for functions and methods after which something is out of date: put it on a `fn`",
            ));
            return [errors.into_tokens(), item].into_iter().collect();
        }
    };
    let targets = Targets::read(options, function.this.is_some(), &mut errors);
    for attr in &function.again {
        errors.at(attr, CLEARS_ITSELF);
    }
    check(&function, &targets, &mut errors);
    let Some(body) = function.body.as_ref().filter(|_| errors.is_empty()) else {
        return [errors.into_tokens(), item].into_iter().collect();
    };
    let body = rewrite(&function, &targets, body);
    // All that stands before the body stays as written.
    let mut head: Vec<TokenTree> = item.into_iter().collect();
    head.pop();
    quote!(#(#head)* #body)
}

/// The body with all that is to happen before and behind it.
fn rewrite(function: &Function, targets: &Targets, body: &Group) -> Group {
    let this = function.this.as_ref().map(instance);
    let mut guards = this.as_ref().map(|this| targets.guards(this));
    if let Some(this) = this.filter(|_| targets.own.is_empty() && targets.others.is_empty()) {
        // All caches of the instance.
        let span = this.clone().into_iter().next();
        let span = span.map_or_else(Span::call_site, |token| token.span());
        let (guard, private) = (local("stale"), at(span, &targets.private()));
        guards = Some(quote_spanned!(span=> let #guard = #private::stale(#this);));
    }
    // Declared first, the guards go last, when the result is there.
    let guards = guards.unwrap_or_default();
    if targets.others.is_empty() {
        return with_statements(body, &guards);
    }
    let private = targets.private();
    let (taken, removal) = targets.removal();
    if targets.always {
        let guard = local("after");
        let after = quote!(let #guard = #private::After::new(move || { #removal }););
        return with_statements(body, &quote!(#guards #taken #after));
    }
    let result = local("result");
    let (inner, rest) = without_inner_attributes(body);
    let mut rest = Group::new(body.delimiter(), rest);
    rest.set_span(body.span());
    let run = run(function, targets, &rest);
    // An async body has run by now, whatever it gave.
    let ran = function.sig.asyncness.is_none().then(|| {
        let span = match &function.sig.output {
            ReturnType::Type(_, ty) => generated(ty.span()),
            ReturnType::Default => Span::call_site(),
        };
        quote_spanned!(span=> #private::Ran::new(&#result).has_run();)
    });
    let mut rewritten = Group::new(
        body.delimiter(),
        quote! {
            #inner
            #guards
            #taken
            #run
            #ran
            if !#private::Ended::new(&#result).is_err() { #removal }
            #result
        },
    );
    rewritten.set_span(body.span());
    rewritten
}

/// Runs the body and binds its result: `return` and `?` lead out of the body only.
///
/// The parameters go with it where the targets don't borrow from them: what their
/// `Drop` changes has happened then.
fn run(function: &Function, targets: &Targets, body: &Group) -> TokenStream {
    let (moves, captured) = if targets.may_borrow() {
        (None, TokenStream::new())
    } else {
        let names = function.params.iter().filter_map(Param::name);
        let names = names.filter(|name| !targets.mention(name));
        // As the macro's own: lints on how names are used don't speak of it.
        let names = names.map(|name| respan(name.to_token_stream()));
        (Some(quote!(move)), quote!(#(let _ = &#names;)*))
    };
    let body = with_statements(body, &captured);
    // What is assigned to a captured parameter is thought to be for a later call.
    let lints = quote!(#[allow(unused_assignments)]);
    let private = targets.private();
    let result = local("result");
    let ty = match &function.sig.output {
        ReturnType::Default => Some(quote!(())),
        // What can't be named is inferred.
        ReturnType::Type(_, ty) if has_impl(ty) || matches!(**ty, Type::Never(_)) => None,
        ReturnType::Type(_, ty) => Some(respan(ty.to_token_stream())),
    };
    if function.sig.asyncness.is_some() {
        let ty = ty.map(|ty| quote!(: #ty));
        return quote!(#lints let #result #ty = async #moves #body.await;);
    }
    let ty = ty.map(|ty| quote!(-> #ty));
    quote!(#lints let #result = #private::once(#moves || #ty #body);)
}

/// The item without the invisible groups round parts of it, so that its body is
/// its last token.
fn without_groups(item: TokenStream) -> TokenStream {
    let flat = |token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            without_groups(group.stream())
        }
        token => TokenStream::from(token),
    };
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    // Others matter: a type in a group is one type.
    if let Some(last) = tokens.pop() {
        tokens.extend(flat(last));
    }
    tokens.into_iter().collect()
}

/// Notes what keeps the function from being one after which caches can be cleared.
fn check(function: &Function, targets: &Targets, errors: &mut Errors) {
    if let Some(constness) = &function.sig.constness {
        errors.at(
            constness,
            "a `const fn` can't clear a cache: leave out `const`",
        );
    }
    if function.body.is_none() {
        errors.at(&function.sig, "a function needs a body to clear caches at its end: put `#[cache_invalidate]` on those in the `impl`s");
    }
    if let ReturnType::Type(_, ty) = &function.sig.output {
        if mentions(
            ty.to_token_stream(),
            &Ident::new("Future", Span::call_site()),
        ) {
            errors.at(ty, "what this returns has not run yet when it returns: make it an `async fn`, or clear the caches at the end of the future");
        }
    }
    match &function.this {
        _ if matches!(&function.sig.output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_))) =>
        {
            errors.at(
                &function.sig.output,
                "a function that never returns leaves nothing out of date when it has returned",
            );
        }
        None if targets.others.is_empty() && errors.is_empty() => errors.at(
            &function.sig.ident,
            "name what is out of date when this has returned: `#[cache_invalidate(f(id), g)]`",
        ),
        Some(this) if matches!(this.holding, Holding::Other) => errors.at(
            &this.receiver,
            "`#[cache_invalidate]` is for methods that take `&mut self`, `&self` or `self`",
        ),
        _ => {}
    }
}

/// A reference to the instance.
fn instance(this: &This) -> TokenStream {
    let by = match &this.holding {
        Holding::Counted {
            by_reference: true, ..
        } => quote!(&**),
        // The caches may go on in what the method makes of the instance.
        Holding::Value => quote!(&),
        _ => quote!(&*),
    };
    // The user's own: the guard is made where the user's body is.
    let name = Ident::new("self", this.receiver.self_token.span);
    let span = generated(this.receiver.span());
    quote_spanned!(span=> #by #name)
}
