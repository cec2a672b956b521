//! What stands beside a memoized method: its helpers, here, and its controls next
//! door. There is no place for a type in an `impl`, so all are functions.

mod controls;
mod identity;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Visibility;
use syn::spanned::Spanned;

use super::hygiene::{at, generated};
use super::names::Declared;
use super::place::{Place, pointer, receiver};
use super::plan::Plan;
use super::{cache, companion, generics};
use crate::item::Home;
use crate::options::{Companion, Scope};

/// All that stands beside the method.
pub(super) fn write(plan: &Plan<'_>) -> TokenStream {
    let method = Method::new(plan);
    let mut items = vec![
        method.advice(),
        method.behind(),
        method.build(),
        method.identity(),
        method.hosted(),
        method.shares(),
        method.home(),
        plan.result.makers(plan.options, &plan.names),
        plan.part_makers(),
        companion::uncached(plan),
    ];
    if !matches!(plan.options.companion, Companion::None) {
        items.extend([
            method.control(),
            method.refresh(),
            method.cache(),
            method.caches(),
        ]);
    }
    items.into_iter().collect()
}

struct Method<'p> {
    plan: &'p Plan<'p>,
    home: Home,
    lints: TokenStream,
    /// `&self`, or `self: &Arc<Self>`.
    receiver: Option<TokenStream>,
}

impl<'p> Method<'p> {
    fn new(plan: &'p Plan<'p>) -> Self {
        let home = match &plan.place {
            Place::Inside { home, .. } => *home,
            Place::Beside => Home::Shared,
        };
        Method {
            plan,
            home,
            lints: plan.names.helper_lints(),
            receiver: plan
                .function
                .this
                .as_ref()
                .map(|this| receiver(this, plan.options)),
        }
    }

    fn private(&self) -> TokenStream {
        self.plan.options.private()
    }

    fn is_of_thread(&self) -> bool {
        self.home == Home::Counted { is_local: true } || self.plan.options.scope == Scope::Thread
    }

    /// A function for its name, which is the first that the compiler speaks of in
    /// the `impl` of a trait: what such an `impl` is can't be told from one of its
    /// methods.
    fn advice(&self) -> TokenStream {
        let may_be_of_trait = matches!(
            (&self.plan.place, &self.plan.function.vis),
            (Place::Inside { block: None, .. }, Visibility::Inherited)
        );
        if !may_be_of_trait {
            return TokenStream::new();
        }
        let (lints, sized) = (&self.lints, self.plan.names.self_sized());
        let name = self.plan.function.name();
        let name = format_ident!("__put_lru_cache_on_the_impl_of_the_trait_as_well_for_{name}");
        quote!(#lints fn #name() #sized {})
    }

    /// The function that leads to the static. As visible as the method, for
    /// `#[cache_invalidate(m)]` in other modules.
    fn behind(&self) -> TokenStream {
        let (private, lints, name) = (self.private(), &self.lints, self.plan.names.behind());
        let (vis, sized) = (self.plan.vis(), self.plan.names.self_sized());
        if self.is_of_thread() {
            return quote! {
                #lints
                #vis fn #name() -> #private::Behind<#private::LocalKey<#private::LocalSlots>> #sized {
                    #private::thread_local! {
                        static __LRUHEAP: #private::LocalSlots = const { #private::LocalSlots::new() };
                    }
                    #private::Behind(&__LRUHEAP)
                }
            };
        }
        let slots = match self.home {
            Home::Instance => quote!(InstanceSlots),
            Home::Counted { .. } => quote!(TrackedSlots),
            Home::Shared => quote!(Slots),
        };
        quote! {
            #lints
            #vis fn #name() -> #private::Behind<#private::#slots> #sized {
                static __LRUHEAP: #private::#slots = #private::#slots::new();
                #private::Behind(&__LRUHEAP)
            }
        }
    }

    /// The function that starts a cache.
    fn build(&self) -> TokenStream {
        let (lints, name) = (&self.lints, self.plan.names.hidden("build"));
        let krate = &self.plan.options.krate;
        let Declared { params, clause } = self.plan.names.declared(&TokenStream::new());
        let (builder, import) = (cache::builder(self.plan), self.plan.import());
        let parameters = self.plan.is_instantiated().then(|| {
            let (of, private) = (&self.plan.function.sig.generics.params, self.private());
            generics::marker(
                &TokenStream::new(),
                &format_ident!("__Parameters"),
                of,
                &private,
            )
        });
        quote! {
            #lints
            fn #name #params() -> #krate::CacheBuilder #clause { #import #parameters #builder }
        }
    }

    /// The function that asks that the type is a host, at the receiver.
    fn hosted(&self) -> TokenStream {
        let Some(this) = self
            .plan
            .function
            .this
            .as_ref()
            .filter(|_| self.home == Home::Instance)
        else {
            return TokenStream::new();
        };
        let span = generated(this.receiver.span());
        let (private, lints) = (at(span, &self.private()), &self.lints);
        let name = self.plan.names.hidden("hosted");
        let (name, identity) = (at(span, &quote!(#name)), at(span, &self.identified()));
        let Declared { params, clause } = self.plan.names.declared(&TokenStream::new());
        quote_spanned! {span=>
            #lints
            fn #name #params() -> #private::Hosted<Self> #clause {
                #private::hosted::<Self>(#identity)
            }
        }
    }

    fn path(&self, name: &str) -> TokenStream {
        let names = &self.plan.names;
        names.path(&quote!(Self), &names.hidden(name))
    }

    /// The function that finds the cache of a call.
    fn home(&self) -> TokenStream {
        let plan = self.plan;
        let span = plan.key_span;
        let (krate, private) = (at(span, &plan.options.krate), at(span, &self.private()));
        let (key, value) = (&plan.key, &plan.result.value);
        let name = at(span, &plan.names.hidden("home").to_token_stream());
        let behind = at(span, &plan.names.behind().to_token_stream());
        let slots = quote_spanned!(span=> Self::#behind().0);
        let build = at(span, &self.path("build"));
        let Declared { params, clause } = plan.names.declared(&TokenStream::new());
        let (lints, identity) = (&self.lints, at(span, &self.identified()));
        let receiver = plan.function.this.as_ref();
        let blame = receiver.map_or(span, |this| generated(this.receiver.span()));
        let hold = self.share();
        let this =
            receiver.map(|this| Ident::new("self", generated(this.receiver.self_token.span)));
        let receiver = &self.receiver;
        let (receiver, ty, find) = match (self.home, self.is_of_thread()) {
            (Home::Instance, _) => (
                quote!(#receiver),
                quote_spanned!(span=> #private::OfInstance<'_, #key, #value>),
                {
                    let hosted = at(span, &self.path("hosted"));
                    quote_spanned!(blame=> #slots.home(#hosted(), #this, #hold, #build))
                },
            ),
            (Home::Counted { is_local: false }, _) => {
                let pointer = self.pointer();
                (
                    quote!(#receiver),
                    quote_spanned!(span=> #private::OfPointer<#pointer, #key, #value>),
                    quote_spanned!(blame=> #slots.home(#identity, #this, #hold, #build)),
                )
            }
            (Home::Counted { is_local: true }, _) => {
                let pointer = self.pointer();
                (
                    quote!(#receiver),
                    quote_spanned!(span=> #private::OfPointer<#pointer, #key, #value>),
                    quote_spanned!(blame=> #private::LocalSlots::home(#slots, #identity, #this, #build)),
                )
            }
            (Home::Shared, true) => (
                TokenStream::new(),
                quote_spanned!(span=> #private::Local<#key, #value>),
                quote_spanned!(span=> #private::LocalSlots::of(#slots, #identity, #build)),
            ),
            (Home::Shared, false) => (
                TokenStream::new(),
                quote_spanned!(span=> &'static #krate::Cache<#key, #value>),
                quote_spanned!(span=> #slots.of(#identity, #hold, #build)),
            ),
        };
        quote_spanned! {span=>
            #lints
            fn #name #params(#receiver) -> #ty #clause { #find }
        }
    }

    /// The function that asks that threads may share what is kept, and the instance
    /// where it is in an `Arc`.
    fn shares(&self) -> TokenStream {
        if self.is_of_thread() {
            return TokenStream::new();
        }
        let (plan, lints) = (self.plan, &self.lints);
        let span = plan.key_span;
        let private = at(span, &self.private());
        let (key, value) = (&plan.key, &plan.result.value);
        let this = plan.function.this.as_ref();
        let (ty, share) = match (self.home, this) {
            (Home::Counted { .. }, Some(this)) => {
                let blame = generated(this.receiver.span());
                (
                    quote_spanned!(span=> #private::ShareTracked<Self, #key, #value>),
                    cache::track(plan, blame),
                )
            }
            (Home::Instance, _) => (
                quote_spanned!(span=> #private::ShareNode<#key, #value>),
                cache::node(plan),
            ),
            _ => (
                quote_spanned!(span=> #private::Share<#key, #value>),
                cache::hold(plan),
            ),
        };
        let name = at(span, &plan.names.hidden("share").to_token_stream());
        let Declared { params, clause } = plan.names.declared(&TokenStream::new());
        quote_spanned! {span=>
            #lints
            fn #name #params() -> #ty #clause { #share }
        }
    }

    /// A call of it.
    fn share(&self) -> TokenStream {
        let share = at(self.plan.key_span, &self.path("share"));
        quote!(#share())
    }

    /// `Arc<Self>`
    fn pointer(&self) -> TokenStream {
        let this = self.plan.function.this.as_ref();
        let pointer = this.and_then(|this| pointer(this, self.plan.options));
        pointer.unwrap_or_default()
    }
}
