//! What of a result is kept: the value's type, and the expressions that say so.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ReturnType, Type};

use super::cache::duration;
use super::hygiene::{at, generated, local, respan};
use super::key::{ok_type, ungrouped};
use super::names::{Declared, Names};
use crate::item::Function;
use crate::options::{Options, is_primitive};

/// How the results of a function are kept.
pub(super) struct ResultPlan {
    /// The type of what is kept.
    pub(super) value: TokenStream,
    /// An expression for how values are copied.
    values: TokenStream,
    /// What the function returns.
    ty: TokenStream,
    /// Whether only what `Ok` holds is kept.
    pub(super) is_ok_only: bool,
    /// Where the type stands that is kept, or the option that asks more of it.
    value_span: Span,
    /// Where the result's type stands.
    pub(super) span: Span,
}

impl ResultPlan {
    pub(super) fn new(function: &Function, options: &Options) -> Self {
        let unit = Type::Verbatim(quote!(()));
        let (ty, span) = match &function.sig.output {
            ReturnType::Default => (&unit, function.sig.ident.span()),
            ReturnType::Type(_, ty) => (&**ty, ty.span()),
        };
        let span = generated(span);
        let whole = respan(ty.to_token_stream());
        // What `Ok` holds is named first, by `Result<T, E>` and its aliases.
        let ok = ok_type(ty).filter(|_| !options.cache_err);
        let is_ok_only = ok.is_some();
        let value_span = match (options.drop_none, ok) {
            (Some(option), _) => generated(option),
            (None, Some(ok)) => generated(ok.span()),
            (None, None) => span,
        };
        let value = ok.map_or_else(|| whole.clone(), |ok| respan(ok.to_token_stream()));
        // All at one place, so that what is said of the type is said once.
        let value_here = at(value_span, &value);
        let private = at(value_span, &options.private());
        let values = if options.drop_none.is_some() {
            quote_spanned!(value_span=> #private::clones_of_some::<#value_here>())
        } else if options.cache_err {
            quote_spanned!(value_span=> #private::clones_of_results::<#value_here>())
        } else if is_ok_only || is_surely_no_alias(ty) {
            quote_spanned!(value_span=> #private::clones::<#value_here>())
        } else {
            quote_spanned!(value_span=> #private::Probe::<#value_here>::new().values())
        };
        ResultPlan {
            value,
            values,
            ty: whole,
            is_ok_only,
            value_span,
            span,
        }
    }

    /// The companion's functions that say how values are copied and which are
    /// kept. The bounds on the value are asked for in there and nowhere else.
    pub(super) fn makers(&self, options: &Options, names: &Names<'_>) -> TokenStream {
        let ResultPlan {
            value,
            values,
            value_span: span,
            ..
        } = self;
        let (private, here) = (at(*span, &options.private()), at(*span, value));
        let lifetime = options.ttl_with.as_ref().map(|lifetime| {
            let span = generated(lifetime.span());
            let (private, name) = (at(span, &options.private()), local("value"));
            let own = names.hidden("lifetime");
            let Declared { params, clause } = names.declared(&TokenStream::new());
            let lints = names.helper_lints();
            quote_spanned! {span=>
                #lints
                fn #own #params(#name: &#value) -> #private::Option<#private::Duration> #clause {
                    #private::lifetime::<#value, _>(#lifetime, #name)
                }
            }
        });
        let lasting = match (&options.ttl_with, &options.ttl_err) {
            (Some(_), _) => {
                let lifetime = names.path(&quote!(Self), &names.hidden("lifetime"));
                let lifetime = at(*span, &lifetime);
                quote_spanned!(*span=> #private::lasting::<#here, _, _>(#values, #lifetime))
            }
            (None, Some(ttl)) => {
                let ttl = duration(ttl, &options.private());
                quote_spanned!(*span=> #private::lasting_errors::<#here, _, _>(#values, || #ttl))
            }
            (None, None) if options.ttl.is_some() || lives_shared(options) => {
                quote_spanned!(*span=> #private::timed::<#here, _>(#values))
            }
            (None, None) => values.clone(),
        };
        let accepts = options.cache_if.as_ref().map(|accepts| {
            let span = generated(accepts.span());
            let (private, name) = (at(span, &options.private()), local("value"));
            let (accept, Declared { params, clause }) =
                (names.hidden("accepts"), names.declared(&TokenStream::new()));
            let lints = names.helper_lints();
            quote_spanned! {span=>
                #lints
                fn #accept #params(#name: &#value) -> #private::bool #clause {
                    #private::accepts::<#value, _>(#accepts, #name)
                }
            }
        });
        let name = at(*span, &names.hidden("values").to_token_stream());
        let Declared { params, clause } = names.declared(&TokenStream::new());
        let lints = &names.helper_lints();
        quote_spanned! {*span=>
            #lints
            fn #name #params() -> impl #private::Values<#here> #clause { #lasting }
            #lifetime
            #accepts
        }
    }

    /// How long values stand in for errors, as an expression.
    pub(super) fn stale_if_error(&self, options: &Options) -> Option<TokenStream> {
        let stale = options.stale_if_error.as_ref()?;
        let value = duration(stale, &options.private());
        if self.is_ok_only {
            return Some(value);
        }
        // Whether another name stands for a `Result`, the compiler knows.
        let span = generated(stale.span());
        let (private, ty) = (at(span, &options.private()), at(span, &self.ty));
        Some(quote_spanned!(span=> #private::if_error::<#ty>(#value)))
    }

    /// How results relate to values, as an expression; and what the cache's
    /// functions that take such an expression have at the end of their names.
    pub(super) fn outcome(
        &self,
        options: &Options,
        names: &Names<'_>,
        companion: &TokenStream,
    ) -> (TokenStream, &'static str) {
        let (ty, span, private) = (&self.ty, self.span, options.private());
        let values = names.path(companion, &names.hidden("values"));
        let values = quote!(#values());
        let outcome = if self.is_ok_only {
            let private = at(span, &private);
            quote_spanned!(span=> #private::ok::<#ty, _>(#values))
        } else if options.cache_if.is_some() {
            quote!(#private::whole(#values))
        } else {
            return (values, "");
        };
        match &options.cache_if {
            Some(_) => {
                let accepts = names.path(companion, &names.hidden("accepts"));
                (quote!(#private::only_if(#outcome, #accepts)), "_as")
            }
            None => (outcome, "_as"),
        }
    }
}

/// Whether results have a time to live in the store, and with that in memory.
fn lives_shared(options: &Options) -> bool {
    let shared = options.shared.as_ref();
    shared.is_some_and(|shared| shared.ttl.is_some())
}

/// Types that can't be another name for a `Result`.
pub(crate) fn is_surely_no_alias(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Macro(_) => false,
        Type::Path(path) => path
            .path
            .get_ident()
            .is_some_and(|name| is_primitive(&name.to_string())),
        _ => true,
    }
}
