//! What stands beside a memoized method: its helpers and its controls. There is
//! no place for a type in an `impl`, so all are functions, and a tuple of the
//! arguments stands in for their names.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, ReturnType, parse_quote};

use super::cache;
use super::companion;
use super::generics::{self, lifetimes_in_bounds};
use super::hygiene::{at, generated, local, respan};
use super::key::has_impl;
use super::names::Declared;
use super::place::{Home, Place, receiver};
use super::plan::Plan;
use super::tuple::with_lifetime;
use crate::item::Holding;
use crate::options::{Companion, Scope};

/// All that stands beside the method.
pub(super) fn write(plan: &Plan<'_>) -> TokenStream {
    let method = Method::new(plan);
    let mut items = vec![
        method.behind(),
        method.build(),
        method.identity(),
        method.hosted(),
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
    /// What the caches are told apart by: its declaration and itself, or nothing
    /// where there is but one.
    identity: Option<(TokenStream, TokenStream)>,
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
            identity: identity(plan, home),
            lints: plan.names.lints(),
            receiver: plan.function.this.as_ref().map(receiver),
        }
    }

    fn private(&self) -> TokenStream {
        self.plan.options.private()
    }

    fn is_of_thread(&self) -> bool {
        self.home == Home::Counted { is_local: true } || self.plan.options.scope == Scope::Thread
    }

    /// The function that leads to the static.
    fn behind(&self) -> TokenStream {
        let (private, lints, name) = (self.private(), &self.lints, self.plan.names.behind());
        if self.is_of_thread() {
            return quote! {
                #lints
                fn #name() -> #private::Behind<#private::LocalKey<#private::LocalSlots>> {
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
            fn #name() -> #private::Behind<#private::#slots> {
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
        let builder = cache::builder(self.plan);
        quote! {
            #lints
            fn #name #params() -> #krate::CacheBuilder #clause { #builder }
        }
    }

    /// The function that gives what the caches are told apart by: a type of its
    /// own, and the same for all who ask.
    fn identity(&self) -> TokenStream {
        let Some((declaration, identity)) = &self.identity else {
            return TokenStream::new();
        };
        let (private, lints) = (self.private(), &self.lints);
        let name = self.plan.names.hidden("identity");
        let Declared { params, clause } = self.plan.names.declared(&TokenStream::new());
        quote! {
            #lints
            fn #name #params() -> impl #private::Sized + 'static #clause {
                #declaration
                #private::PhantomData::<#identity>
            }
        }
    }

    /// The same as an expression.
    fn identified(&self) -> TokenStream {
        match &self.identity {
            Some(_) => {
                let identity = self.path("identity");
                quote!(#identity())
            }
            None => quote!(()),
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
                #private::hosted::<Self, _>(#identity)
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
        let hold = self.hold(blame);
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

    /// What asks that threads may share what is kept.
    fn hold(&self, blame: Span) -> TokenStream {
        match self.home {
            Home::Counted { is_local: false } => cache::track(self.plan, blame),
            _ => cache::hold(self.plan),
        }
    }

    /// `Arc<Self>`, as written.
    fn pointer(&self) -> TokenStream {
        match self.plan.function.this.as_ref().map(|this| &this.holding) {
            Some(Holding::Counted { pointer, .. }) => respan(pointer.clone()),
            _ => TokenStream::new(),
        }
    }

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
            return quote!(#private::Unnamed);
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
    fn control(&self) -> TokenStream {
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
            let (pattern, part) = (self.pattern(), plan.part(&site));
            let entry = plan.ask(&site, "__control", &quote!(#values(), #part, #ask));
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
        quote! {
            #lints
            fn #name #params(
                #receiver,
                #arguments: #private::Option<#tuple>,
                #ask: #private::Ask<#value>,
            ) -> #private::Answer<#value> #clause {
                #body
            }
        }
    }

    /// Whether the body can be run by a plain call.
    fn is_plain(&self) -> bool {
        let function = self.plan.function;
        function.sig.asyncness.is_none() && function.unsafety().is_none() && !self.is_unnamed()
    }

    fn output(&self) -> TokenStream {
        match &self.plan.function.sig.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, ty) => respan(ty.to_token_stream()),
        }
    }

    /// The function that runs the body anew: behind the controls where a plain
    /// call will do, beside the method where not.
    fn refresh(&self) -> TokenStream {
        let (plan, lints) = (self.plan, &self.lints);
        let (flight, output) = (local("flight"), self.output());
        let site = if self.is_plain() {
            plan.in_control()
        } else {
            plan.in_function()
        };
        let (outcome, suffix) = plan.result.outcome(plan.options, &plan.names, &site.of);
        let part = plan.part(&site);
        let refresh = plan.ask(
            &site,
            &format!("__refresh{suffix}"),
            &quote!(#outcome, #part),
        );
        let finish = plan.finish(&site, &flight);
        let body = quote!(let #flight = #refresh; #finish);
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
        let (vis, sig) = (plan.vis(), &plan.function.sig);
        let doc = plan
            .doc("Runs the body now and puts its result in the place of the entry. Not counted.");
        let safety = companion::safety_doc(plan);
        let attrs = super::attrs::for_callers(&plan.function.attrs);
        let (asyncness, unsafety) = (&sig.asyncness, plan.function.unsafety());
        let Declared { params, clause } = plan.names.declared_with_lifetimes(&TokenStream::new());
        let this = plan.function.this.as_ref().map(|this| {
            let mut receiver = this.receiver.clone();
            receiver.self_token.span = generated(receiver.self_token.span);
            receiver.to_token_stream()
        });
        let inputs = this.into_iter().chain(plan.parameters());
        quote! {
            #doc #safety #lints #attrs
            #vis #asyncness #unsafety fn #name #params(#(#inputs),*) -> #output #clause { #body }
        }
    }

    /// `instance.m_cache()`
    fn cache(&self) -> TokenStream {
        let (plan, private, lints) = (self.plan, self.private(), &self.lints);
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
            (quote!(()), quote!(()))
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
                    #doc #lints
                    #vis fn #name #params(#receiver) -> #krate::MethodCache<'__h, #host, #arguments, #value, #refresh_ty> #clause {
                        #krate::MethodCache::__new(#this, #control, #refresh)
                    }
                }
            }
            None => {
                let Declared { params, clause } = plan.names.declared(&TokenStream::new());
                quote! {
                    #doc #lints
                    #vis fn #name #params() -> #krate::MethodCache<'static, #host, #arguments, #value, #refresh_ty> #clause {
                        #krate::MethodCache::__new(&(), #control, #refresh)
                    }
                }
            }
        }
    }

    /// `Type::m_caches()`
    fn caches(&self) -> TokenStream {
        let (plan, private, lints) = (self.plan, self.private(), &self.lints);
        let Some(this) = &plan.function.this else {
            return TokenStream::new();
        };
        let (krate, vis) = (&plan.options.krate, plan.vis());
        let name = plan.names.control("caches");
        let behind = plan.names.behind();
        let span = generated(this.receiver.span());
        let slots = quote_spanned!(span=> Self::#behind().0);
        let (build, hold) = (self.path("build"), self.hold(span));
        let identity = self.identified();
        let (key, value) = (&plan.key, &plan.result.value);
        let find = match (self.home, self.is_of_thread()) {
            (Home::Instance, _) => {
                let hosted = self.path("hosted");
                quote_spanned!(span=> #slots.caches(#hosted(), #build))
            }
            (Home::Counted { is_local: false }, _) => {
                quote_spanned!(span=> #slots.caches::<_, Self, #key, #value>(#identity, #hold, #build))
            }
            (Home::Counted { is_local: true }, _) => {
                quote_spanned!(span=> #private::LocalSlots::caches::<_, Self, #key, #value>(#slots, #identity, #build))
            }
            (Home::Shared, true) => {
                quote_spanned!(span=> #private::LocalSlots::shared_caches::<_, #key, #value>(#slots, #identity, #build))
            }
            (Home::Shared, false) => {
                quote_spanned!(span=> #slots.caches::<_, #key, #value>(#identity, #hold, #build))
            }
        };
        let Declared { params, clause } = plan.names.declared(&TokenStream::new());
        let of = format!(
            "The caches of `{}` in all live instances together.",
            plan.function.name()
        );
        let doc = plan.doc(&of);
        quote! {
            #doc #lints
            #vis fn #name #params() -> #krate::MethodCaches #clause { #find }
        }
    }
}

/// `&self` with a lifetime in it.
fn with_lifetime_named(receiver: TokenStream, name: &str) -> TokenStream {
    let lifetime = syn::Lifetime::new(&format!("'{name}"), Span::call_site());
    super::tuple::insert(receiver, &lifetime)
}

/// What the caches of a method are told apart by, as a declaration and a type.
///
/// An instance that has a cache of its own is told by itself, so that only the
/// method's own parameters matter. Otherwise the type matters as well: its
/// parameters, where they are known, and itself where not.
fn identity(plan: &Plan<'_>, home: Home) -> Option<(TokenStream, TokenStream)> {
    let mut params: Vec<GenericParam> = Vec::new();
    let mut arguments: Vec<TokenStream> = Vec::new();
    let block = match &plan.place {
        Place::Inside { block, .. } => *block,
        Place::Beside => None,
    };
    match (home, block) {
        (Home::Instance, _) => {}
        (_, Some(block)) => {
            for param in &block.generics.params {
                add(param, &mut params, &mut arguments, false);
            }
        }
        (_, None) => {
            params.push(parse_quote!(__Self));
            arguments.push(quote!(Self));
        }
    }
    if plan.is_instantiated() {
        for param in &plan.function.sig.generics.params {
            let left_out = matches!(param, GenericParam::Type(param) if plan.is_left_out(param));
            add(param, &mut params, &mut arguments, left_out);
        }
    }
    if params.is_empty() {
        return None;
    }
    let name = format_ident!("__Instance");
    let private = plan.options.private();
    let declaration = generics::marker(&TokenStream::new(), &name, &params, &private);
    Some((declaration, quote!(#name<#(#arguments),*>)))
}

fn add(
    param: &GenericParam,
    params: &mut Vec<GenericParam>,
    arguments: &mut Vec<TokenStream>,
    left_out: bool,
) {
    let name = match param {
        GenericParam::Lifetime(_) => return,
        GenericParam::Type(param) => &param.ident,
        GenericParam::Const(param) => &param.ident,
    };
    params.push(param.clone());
    arguments.push(if left_out { quote!(()) } else { quote!(#name) });
}
