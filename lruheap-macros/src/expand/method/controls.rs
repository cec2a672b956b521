//! The controls of a method. A tuple of the arguments stands in for their names, in
//! which all lifetimes are one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ReturnType;
use syn::spanned::Spanned;

use super::Method;
use crate::expand::generics::lifetimes_in_bounds;
use crate::expand::hygiene::{generated, local, respan};
use crate::expand::key::{borrow_in, has_impl};
use crate::expand::names::Declared;
use crate::expand::tuple::{insert, with_lifetime};
use crate::expand::{attrs, call, companion};
use crate::item::{Holding, Home};

impl Method<'_> {
    /// What the controls are handed: the instance, or nothing.
    fn host(&self) -> TokenStream {
        match self.plan.function.this.as_ref().map(|this| &this.holding) {
            Some(Holding::Counted { .. }) => self.pointer(),
            Some(_) => quote!(Self),
            None => quote!(()),
        }
    }

    fn is_unnamed(&self) -> bool {
        self.plan.args.iter().any(|arg| has_impl(&arg.input.ty))
    }

    /// The tuple of the arguments, all lifetimes in it one.
    fn tuple(&self) -> TokenStream {
        if self.is_unnamed() {
            let private = self.private();
            return quote!(#private::NoTupleForImplTrait);
        }
        let generics = &self.plan.function.sig.generics;
        let declared: Vec<&Ident> = if lifetimes_in_bounds(generics) {
            Vec::new()
        } else {
            let lifetimes = generics.lifetimes();
            lifetimes.map(|param| &param.lifetime.ident).collect()
        };
        let types = self.plan.args.iter().map(|arg| {
            let ty = respan(arg.input.ty.to_token_stream());
            with_lifetime(ty, &declared)
        });
        quote!((#(#types,)*))
    }

    /// The tuple as a type that is good for all lifetimes.
    fn arguments(&self) -> TokenStream {
        let (private, tuple) = (self.private(), self.tuple());
        quote!(dyn for<'__k> #private::Arguments<'__k, Tuple = #tuple>)
    }

    /// Takes the tuple apart.
    fn pattern(&self) -> TokenStream {
        let names = self.plan.args.iter().map(|arg| &arg.name);
        quote!((#(#names,)*))
    }

    /// The function that the controls call.
    pub(super) fn control(&self) -> TokenStream {
        let (plan, private, lints) = (self.plan, self.private(), &self.lints);
        let name = plan.names.hidden("control");
        let Declared { params, clause } = plan.names.declared(&quote!('__k));
        let (tuple, value) = (self.tuple(), &plan.result.value);
        let (arguments, ask) = (local("arguments"), local("ask"));
        let site = plan.in_control();
        let whole = plan.home(&site);
        let whole = quote!(#whole.__control_all(#ask));
        let body = if self.is_unnamed() {
            quote!(match #arguments { #private::Option::Some(#arguments) => match #arguments {}, #private::Option::None => #whole })
        } else {
            let values = plan.names.path(&site.of, &plan.names.hidden("values"));
            let pattern = self.pattern();
            let entry = call::control(plan, &site, &quote!(#values()), &ask);
            // What is left out of the key is in the tuple all the same.
            quote! {
                match #arguments {
                    #[allow(unused_variables)]
                    #private::Option::Some(#pattern) => #entry,
                    #private::Option::None => #whole,
                }
            }
        };
        let receiver = self.receiver.clone().unwrap_or_else(|| quote!(_: &()));
        let import = plan.import();
        quote! {
            #lints
            fn #name #params(
                #receiver,
                #arguments: #private::Option<#tuple>,
                #ask: #private::Ask<#value>,
            ) -> #private::Answer<#value> #clause {
                #import
                #body
            }
        }
    }

    /// Whether the body can be run by a plain call that takes a tuple. An `Err`
    /// that borrows does so from one of the arguments.
    fn is_plain(&self) -> bool {
        let function = self.plan.function;
        let borrows = match &function.sig.output {
            ReturnType::Type(_, ty) => borrow_in(ty).is_some(),
            ReturnType::Default => false,
        };
        // `&'static self`, or one that bounds speak of.
        let is_bound = function.this.as_ref().is_some_and(|this| {
            let of_receiver = this.receiver.to_token_stream().to_string();
            of_receiver.contains("'static")
                || (of_receiver.contains('\'') && lifetimes_in_bounds(&function.sig.generics))
        });
        function.sig.asyncness.is_none()
            && !is_bound
            && function.unsafety().is_none()
            && !self.is_unnamed()
            && !borrows
    }

    fn output(&self) -> TokenStream {
        match &self.plan.function.sig.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, ty) => respan(ty.to_token_stream()),
        }
    }

    /// The function that runs the body anew: behind the controls where a plain
    /// call will do, beside the method where not.
    pub(super) fn refresh(&self) -> TokenStream {
        let (plan, lints) = (self.plan, &self.lints);
        let output = self.output();
        let site = if self.is_plain() {
            plan.in_control()
        } else {
            plan.in_function()
        };
        let (import, refresh) = (plan.import(), call::refresh(plan, &site));
        let body = quote!(#import #refresh);
        if self.is_plain() {
            let name = plan.names.hidden("refresh");
            let Declared { params, clause } = plan.names.declared(&quote!('__k));
            let (pattern, tuple) = (self.pattern(), self.tuple());
            let receiver = self.receiver.clone().unwrap_or_else(|| quote!(_: &()));
            return quote! {
                #lints
                fn #name #params(#receiver, #pattern: #tuple) -> #output #clause { #body }
            };
        }
        let name = plan.names.control("refresh");
        let lints = plan.names.lints();
        let (vis, sig) = (plan.vis(), &plan.function.sig);
        let doc = plan
            .doc("Runs the body now and puts its result in the place of the entry. Not counted.");
        let safety = companion::safety_doc(plan);
        let attrs = attrs::for_callers(&plan.function.attrs);
        let (asyncness, unsafety) = (&sig.asyncness, plan.function.unsafety());
        let Declared { params, clause } = plan.names.declared_with_lifetimes(&TokenStream::new());
        let this = plan.function.this.as_ref().map(|this| {
            let mut receiver = this.receiver.clone();
            receiver.self_token.span = generated(receiver.self_token.span);
            receiver.to_token_stream()
        });
        let inputs = this.into_iter().chain(plan.parameters());
        quote! {
            #doc #safety #lints #attrs #[allow(dead_code)]
            #vis #asyncness #unsafety fn #name #params(#(#inputs),*) -> #output #clause { #body }
        }
    }

    /// `instance.m_cache()`
    pub(super) fn cache(&self) -> TokenStream {
        let (plan, private, lints) = (self.plan, self.private(), self.plan.names.lints());
        let (krate, vis) = (&plan.options.krate, plan.vis());
        let name = plan.names.control("cache");
        let (host, arguments, value) = (self.host(), self.arguments(), &plan.result.value);
        let control = self.path("control");
        let (refresh_ty, refresh) = if self.is_plain() {
            let (output, refresh) = (self.output(), self.path("refresh"));
            (
                quote!(#private::Refresh<#host, #arguments, #output>),
                quote!(#private::Refresh(|__host, __arguments| #refresh(__host, __arguments))),
            )
        } else {
            (
                quote!(#private::RefreshBeside),
                quote!(#private::RefreshBeside),
            )
        };
        let of = format!(
            "The cache of `{}`: its counters and controls.",
            plan.function.name()
        );
        let doc = plan.doc(&of);
        let control = quote!(|__host, __arguments, __ask| #control(__host, __arguments, __ask));
        match &self.receiver {
            Some(receiver) => {
                let this = plan.in_control().this;
                let own = quote!('__h);
                let Declared { params, clause } = plan.names.declared(&own);
                let receiver = with_lifetime_named(receiver.clone(), "__h");
                quote! {
                    #doc #lints #[allow(dead_code)]
                    #vis fn #name #params(#receiver) -> #krate::MethodCache<'__h, #host, #arguments, #value, #refresh_ty> #clause {
                        #krate::MethodCache::__new(#this, #control, #refresh)
                    }
                }
            }
            None => {
                let Declared { params, clause } = plan.names.declared(&TokenStream::new());
                quote! {
                    #doc #lints #[allow(dead_code)]
                    #vis fn #name #params() -> #krate::MethodCache<'static, #host, #arguments, #value, #refresh_ty> #clause {
                        #krate::MethodCache::__new(&(), #control, #refresh)
                    }
                }
            }
        }
    }

    /// `Type::m_caches()`
    pub(super) fn caches(&self) -> TokenStream {
        let (plan, private, lints) = (self.plan, self.private(), self.plan.names.lints());
        let (krate, vis) = (&plan.options.krate, plan.vis());
        let name = plan.names.control("caches");
        let behind = plan.names.behind();
        let this = plan.function.this.as_ref();
        let span = this.map_or(plan.key_span, |this| generated(this.receiver.span()));
        let slots = quote_spanned!(span=> Self::#behind().0);
        let (build, hold) = (self.path("build"), self.share());
        let identity = self.identified();
        let (key, value) = (&plan.key, &plan.result.value);
        let find = match (self.home, self.is_of_thread()) {
            (Home::Instance, _) => {
                let hosted = self.path("hosted");
                quote_spanned!(span=> #slots.caches(#hosted(), #build))
            }
            (Home::Counted { is_local: false }, _) => {
                quote_spanned!(span=> #slots.caches::<Self, #key, #value>(#identity, #hold, #build))
            }
            (Home::Counted { is_local: true }, _) => {
                quote_spanned!(span=> #private::LocalSlots::caches::<Self, #key, #value>(#slots, #identity, #build))
            }
            (Home::Shared, true) => {
                quote_spanned!(span=> #private::LocalSlots::shared_caches::<#key, #value>(#slots, #identity, #build))
            }
            (Home::Shared, false) => {
                quote_spanned!(span=> #slots.caches::<#key, #value>(#identity, #hold, #build))
            }
        };
        let Declared { params, clause } = plan.names.declared(&TokenStream::new());
        let of = format!(
            "The caches of `{}` in all live instances together.",
            plan.function.name()
        );
        let doc = plan.doc(&of);
        quote! {
            #doc #lints #[allow(dead_code)]
            #vis fn #name #params() -> #krate::MethodCaches #clause { #find }
        }
    }
}

/// `&self` with a lifetime in it.
fn with_lifetime_named(receiver: TokenStream, name: &str) -> TokenStream {
    let lifetime = syn::Lifetime::new(&format!("'{name}"), Span::call_site());
    insert(receiver, &lifetime)
}
