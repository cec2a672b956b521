//! What `shared(…)` adds: the function's second tier, and the call that goes through it.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::cache::{duration, instance};
use super::hygiene::{at, generated, local};
use super::place::Site;
use super::plan::Plan;
use crate::options::Shared;
use syn::spanned::Spanned;

/// A function that shares its results.
pub(super) struct Sharing<'p> {
    plan: &'p Plan<'p>,
    shared: &'p Shared,
    /// The function's second tier, as an expression.
    pub(super) tier: TokenStream,
    /// The call, as a local variable.
    pub(super) call: Ident,
}

impl<'p> Sharing<'p> {
    /// Of what is written at this site, if the function does share.
    pub(super) fn of(plan: &'p Plan<'p>, site: &Site) -> Option<Self> {
        let shared = plan.options.shared.as_ref()?;
        let (span, mut call) = (plan.blamed(), local("call"));
        call.set_span(call.span().located_at(span));
        let of = at(span, &site.of);
        Some(Sharing {
            plan,
            shared,
            tier: quote_spanned!(span=> #of::__tier()),
            call,
        })
    }

    /// The place where a call looks at once, if what is there may be believed.
    pub(super) fn fresh(&self, site: &Site, slot: &TokenStream) -> TokenStream {
        let span = self.plan.blamed();
        let of = at(span, &site.of);
        let fresh = match &self.plan.options.tags {
            Some(_) => Ident::new("fresh_tagged", span),
            None => Ident::new("fresh", span),
        };
        quote_spanned!(span=> #of::__shared().#fresh(#slot))
    }

    /// How the result relates to the value, as an expression.
    fn outcome(&self, site: &Site) -> TokenStream {
        let plan = self.plan;
        let (outcome, suffix) = plan.result.outcome(plan.options, &plan.names, &site.of);
        let private = at(plan.blamed(), &plan.options.private());
        match suffix {
            "" => quote_spanned!(plan.blamed()=> #private::whole(#outcome)),
            _ => outcome,
        }
    }

    /// The same, for memory.
    pub(super) fn within(&self, site: &Site) -> TokenStream {
        let (call, outcome) = (&self.call, self.outcome(site));
        quote_spanned!(self.plan.blamed()=> #call.__within(#outcome))
    }

    /// The body, asked for through the store.
    pub(super) fn through(&self, site: &Site, body: &TokenStream) -> TokenStream {
        let (call, outcome, span) = (&self.call, self.outcome(site), self.plan.blamed());
        let (once, refuses) = match self.shared.at_most_once {
            Some(_) => {
                let private = at(span, &self.plan.options.private());
                (
                    "_once",
                    Some(quote_spanned!(span=> #private::shared::refuses(),)),
                )
            }
            None => ("", None),
        };
        if self.plan.is_async() {
            let through = Ident::new(&format!("__through{once}_async"), span);
            quote_spanned!(span=> #call.#through(#outcome, #refuses #body))
        } else {
            let through = Ident::new(&format!("__through{once}"), span);
            quote_spanned!(span=> #call.#through(#outcome, #refuses || #body))
        }
    }

    /// A statement that gives the tags to the call, and to what `give` hands them to.
    pub(super) fn tags(
        &self,
        tags: &TokenStream,
        give: impl Fn(&Ident) -> TokenStream,
    ) -> TokenStream {
        let (call, list) = (&self.call, local("tags"));
        let give = give(&list);
        quote!({ let #list = #tags; #call.__tags(&#list); #give })
    }

    /// The call as it is bound.
    pub(super) fn binding(&self) -> TokenStream {
        let call = &self.call;
        match &self.plan.options.tags {
            Some(_) => quote!(mut #call),
            None => quote!(#call),
        }
    }
}

/// The companion's functions for it.
pub(super) fn find(plan: &Plan<'_>) -> Option<TokenStream> {
    let shared = plan.options.shared.as_ref()?;
    let span = plan.key_span;
    let private = at(span, &plan.options.private());
    let (key, value, members) = (&plan.key, &plan.result.value, &plan.key_members);
    let codec = Ident::new(&format!("codec{}", members.len()), span);
    let terms = terms(plan, shared);
    let (kind, own, tier) = if plan.is_instantiated() {
        let instance = instance(plan);
        (
            quote_spanned!(span=> Tiers),
            TokenStream::new(),
            quote_spanned!(span=> (&__SHARED).of::<#instance, _, _>()),
        )
    } else {
        (
            quote_spanned!(span=> Tier),
            quote_spanned!(span=> <#key, #value>),
            quote_spanned!(span=> &__SHARED),
        )
    };
    Some(quote_spanned! {span=>
        fn __shared() -> &'static #private::shared::Tier<#key, #value> {
            static __SHARED: #private::shared::#kind #own = #private::shared::#kind::new();
            #tier
        }
        fn __tier() -> &'static #private::shared::Tier<#key, #value> {
            Self::__shared().with(|| #terms)
        }
        fn __codec() -> #private::shared::Codec<#key, #value> {
            #private::shared::#codec::<#(#members,)* #value>()
        }
    })
}

/// The options, as an expression.
fn terms(plan: &Plan<'_>, shared: &Shared) -> TokenStream {
    let (options, private) = (plan.options, plan.options.private());
    let instance = instance(plan);
    let named = options.name.as_ref().map(|name| {
        let instantiated = plan.is_instantiated();
        let instantiated = instantiated.then(|| quote!(.instantiated::<#instance>()));
        quote!(.named(#name) #instantiated)
    });
    let namespace = shared.namespace.as_ref().map(|text| {
        let span = generated(text.span());
        quote_spanned!(span=> .namespace(#text))
    });
    let version = shared.version.as_ref().map(|version| {
        let span = generated(version.span());
        quote_spanned!(span=> .version(#version))
    });
    let ttl = shared.ttl.as_ref().map(|ttl| {
        let ttl = duration(ttl, &private);
        quote!(.ttl(#ttl))
    });
    let memory_ttl = options.ttl.as_ref().map(|ttl| {
        let ttl = duration(ttl, &private);
        quote!(.memory_ttl(#ttl))
    });
    let apart = (!options.coalesce).then(|| quote!(.apart()));
    let tagged = options.tags.as_ref().map(|_| quote!(.tagged()));
    quote! {
        #private::shared::Terms::of::<#instance>(Self::__codec())
            #named #namespace #version #ttl #memory_ttl #apart #tagged
    }
}
