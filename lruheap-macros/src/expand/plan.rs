//! What the expansion consists of, worked out once: names, parts of the key,
//! the outcome. The writers next door put it together.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, PatType, Type, TypeParam};

use super::attrs;
use super::generics::{is_closure, type_parameters};
use super::hygiene::{at, generated, local, mentions, respan};
use super::key::{self, Shape};
use super::names::{Declared, Names};
use super::place::{Place, Site};
use super::result::ResultPlan;
use crate::block::Block;
use crate::check::speaks_of;
use crate::item::{Function, Home, Key, Param};
use crate::options::{Companion, Options, Scope};

pub(super) struct Plan<'a> {
    pub(super) function: &'a Function,
    pub(super) options: &'a Options,
    pub(super) names: Names<'a>,
    pub(super) place: Place<'a>,
    /// The receiver's part of the key.
    this: Option<ArgPart>,
    pub(super) args: Vec<Arg<'a>>,
    /// With `typed = false`, the const parameters: they are part of the key.
    constants: Vec<Shape>,
    /// The type of the key: a tuple of what the arguments are kept as.
    pub(super) key: TokenStream,
    /// Where to point if the type of the key is at fault.
    pub(super) key_span: Span,
    /// The same, member by member.
    pub(super) key_members: Vec<TokenStream>,
    pub(super) result: ResultPlan,
}

/// A parameter as the generated functions have it: a name and a type.
pub(super) struct Arg<'a> {
    pub(super) name: Ident,
    pub(super) input: &'a PatType,
    /// The argument's part of the key; `None` where it has none.
    pub(super) part: Option<ArgPart>,
}

pub(super) struct ArgPart {
    shape: Shape,
    /// The companion's function that makes the part. There is one wherever
    /// the argument's type can be written down.
    maker: Option<Ident>,
    span: Span,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        function: &'a Function,
        options: &'a Options,
        block: Option<&'a Block>,
    ) -> syn::Result<Self> {
        let krate = &options.krate;
        let place = Place::of(function, block);
        let names = match &place {
            Place::Beside => Names::of_companion(function),
            Place::Inside { .. } => Names::of_method(function, options, block),
        };
        let loose = options.typed == Some(false) && is_generic(function);
        let mut args: Vec<Arg<'a>> = Vec::new();
        for (index, param) in function.params.iter().enumerate() {
            let name = argument_name(param, index, &args);
            if param.name().is_some_and(|own| *own != name) {
                spoken_of(param, options)?;
            }
            let maker = names.hidden(&format!("key{index}"));
            let part = part(param, maker, (loose, options.shared.is_some()), krate)?;
            args.push(Arg {
                name,
                input: &param.input,
                part,
            });
        }
        let constants = if loose {
            constants(function, krate)
        } else {
            Vec::new()
        };
        let this = function.this.as_ref();
        let this = this.and_then(|this| match &this.key {
            Key::Computed(expr) => {
                Some(computed(expr, this.receiver.span(), (loose, false), krate))
            }
            Key::Whole | Key::Skip => None,
        });
        let parts = || {
            this.iter()
                .chain(args.iter().filter_map(|arg| arg.part.as_ref()))
        };
        let shapes = parts().map(|part| &part.shape).chain(&constants);
        let shapes: Vec<Shape> = shapes.cloned().collect();
        let key_span = parts().next().map(|part| part.span);
        let key_span = generated(key_span.unwrap_or_else(Span::call_site));
        Ok(Plan {
            function,
            options,
            key: key::tuple_of(&shapes, key_span).owned,
            key_span,
            key_members: key::members_of(&shapes),
            names,
            place,
            this,
            args,
            constants,
            result: ResultPlan::new(function, options),
        })
    }

    /// The type that carries the cache and its controls, beside a function.
    pub(super) fn companion(&self) -> Ident {
        companion_name(self.function, self.options)
    }

    /// The companion with the function's own parameters: `f`, `f::<T, N>`.
    fn companion_path(&self) -> TokenStream {
        let companion = self.companion();
        let names = type_parameters(&self.function.sig.generics);
        if names.is_empty() {
            quote!(#companion)
        } else {
            quote!(#companion::<#(#names),*>)
        }
    }

    /// In the function's own body.
    pub(super) fn in_function(&self) -> Site {
        match &self.place {
            Place::Beside => Site::beside(self.companion_path()),
            Place::Inside { .. } => Site::in_method(self.function.this.as_ref()),
        }
    }

    /// In a control, which has the arguments and a reference to the instance.
    pub(super) fn in_control(&self) -> Site {
        match &self.place {
            Place::Beside => Site::beside(quote!(Self)),
            Place::Inside { .. } => Site::in_control(self.function.this.as_ref(), self.options),
        }
    }

    /// Where the cache is found, as an expression.
    pub(super) fn home(&self, site: &Site) -> TokenStream {
        let span = self.key_span;
        let (of, this) = (at(span, &site.of), at(span, &site.this));
        let find = match (&self.place, self.options.scope) {
            (Place::Beside, Scope::Process) => Ident::new("cache", span),
            (Place::Beside, Scope::Thread) => Ident::new("__local", span),
            (Place::Inside { .. }, _) => self.names.hidden("home"),
        };
        let find = at(span, &self.names.path(&of, &find));
        match &self.place {
            Place::Inside {
                home: Home::Instance | Home::Counted { .. },
                ..
            } => {
                quote_spanned!(span=> #find(#this))
            }
            _ => quote_spanned!(span=> #find()),
        }
    }

    /// Where a call finds the cache at once, if there is a place for that.
    pub(super) fn slot(&self, site: &Site) -> Option<TokenStream> {
        self.has_slot().then(|| {
            let of = at(self.key_span, &site.of);
            quote_spanned!(self.key_span=> #of::__slot())
        })
    }

    /// Whether there is.
    pub(super) fn has_slot(&self) -> bool {
        let is_beside = matches!(self.place, Place::Beside) && !self.is_instantiated();
        is_beside && !self.is_async() && !self.is_key_computed()
    }

    pub(super) fn is_async(&self) -> bool {
        self.function.sig.asyncness.is_some()
    }

    /// Whether an expression of the user's is part of the key.
    pub(super) fn is_key_computed(&self) -> bool {
        let is_computed = |param: &Param| matches!(param.key, Key::Computed(_));
        self.this.is_some() || self.function.params.iter().any(is_computed)
    }

    /// Brings the trait of the block into scope, for code of the user's that has left
    /// the block.
    pub(super) fn import(&self) -> Option<TokenStream> {
        let Place::Inside { block, .. } = &self.place else {
            return None;
        };
        let path = respan((*block)?.import()?);
        Some(quote!(#[allow(unused_imports)] use #path as _;))
    }

    /// The visibility for what is generated.
    pub(super) fn vis(&self) -> TokenStream {
        match &self.place {
            // The methods of a trait have none; their controls are anyone's.
            Place::Inside {
                block: Some(block), ..
            } if block.of.is_some() => quote!(pub),
            _ => respan(self.function.vis.to_token_stream()),
        }
    }

    /// The parameters of a control: names and types, no patterns.
    pub(super) fn parameters(&self) -> impl Iterator<Item = TokenStream> + '_ {
        self.args.iter().map(|arg| {
            let (name, ty) = (&arg.name, respan(arg.input.ty.to_token_stream()));
            quote!(#name: #ty)
        })
    }

    /// Whether each instantiation has a cache of its own. Arguments of type
    /// `impl Trait` make no instantiation: their types are part of the key.
    pub(super) fn is_instantiated(&self) -> bool {
        !type_parameters(&self.function.sig.generics).is_empty()
            && self.options.typed != Some(false)
    }

    /// The companion's functions that make the parts of the key. The bounds
    /// on an argument are asked for in there and nowhere else: what they give
    /// back is opaque.
    pub(super) fn part_makers(&self) -> TokenStream {
        let makers = self.args.iter().filter_map(|arg| {
            let ArgPart { shape, maker, span } = arg.part.as_ref()?;
            let (maker, span) = (maker.as_ref()?, generated(*span));
            let krate = at(span, &self.options.krate);
            let (Shape { part, owned }, ty) = (shape, respan(arg.input.ty.to_token_stream()));
            let reference = |lifetime: TokenStream| match &*arg.input.ty {
                // `&impl A + B` could be read in two ways.
                Type::ImplTrait(_) | Type::TraitObject(_) => {
                    quote_spanned!(span=> &#lifetime (#ty))
                }
                // Lints would have `Option<&T>` for `&Option<T>`.
                Type::Path(path) if path.path.get_ident().is_none() => {
                    let lifetime = if lifetime.is_empty() {
                        quote!('_)
                    } else {
                        lifetime
                    };
                    quote_spanned!(span=> #krate::__private::Ref<#lifetime, #ty>)
                }
                _ => quote_spanned!(span=> &#lifetime #ty),
            };
            let value = value_at(span);
            let lints = self.names.helper_lints();
            let part_of = quote_spanned!(span=> impl #krate::__private::Part<Owned = #owned>);
            // Where there may be other lifetimes, ours has to have a name.
            Some(if has_lifetimes(arg.input.ty.to_token_stream()) {
                let reference = reference(quote_spanned!(span=> '__k));
                let own = quote_spanned!(span=> '__k);
                let Declared { params, clause } = self.names.declared_with_lifetimes(&own);
                quote_spanned! {span=>
                    #lints
                    fn #maker #params(#value: #reference) -> #part_of + '__k #clause { #part }
                }
            } else {
                let reference = reference(TokenStream::new());
                let Declared { params, clause } = self.names.declared(&TokenStream::new());
                quote_spanned! {span=>
                    #lints
                    fn #maker #params(#value: #reference) -> #part_of + '_ #clause { #part }
                }
            })
        });
        makers.collect()
    }

    /// The key of a call, as an expression.
    pub(super) fn part(&self, site: &Site) -> TokenStream {
        let part = |arg: &Arg<'_>| {
            let ArgPart { shape, maker, .. } = arg.part.as_ref()?;
            let name = &arg.name;
            Some(match maker {
                Some(maker) => {
                    let maker = self.names.path(&site.of, maker);
                    Shape {
                        part: quote!(#maker(&#name)),
                        owned: TokenStream::new(),
                    }
                }
                None => shape.clone(),
            })
        };
        let parts = self.args.iter().filter_map(part);
        let this = self.this.iter().map(|this| this.shape.clone());
        let parts = this.chain(parts).chain(self.constants.iter().cloned());
        let parts: Vec<Shape> = parts.collect();
        key::tuple_of(&parts, self.blamed()).part
    }

    /// A call of the cache, all of it where the blame would fall.
    pub(super) fn ask(&self, site: &Site, what: &str, arguments: &TokenStream) -> TokenStream {
        self.ask_at(&self.home(site), what, arguments)
    }

    /// The same of what is found in this place.
    pub(super) fn ask_at(
        &self,
        place: &TokenStream,
        what: &str,
        arguments: &TokenStream,
    ) -> TokenStream {
        let span = self.blamed();
        let method = Ident::new(what, span);
        quote_spanned!(span=> #place.#method(#arguments))
    }

    /// Where to point if the call of the cache itself is at fault: at the one
    /// thing in it whose bounds were not asked for before.
    pub(super) fn blamed(&self) -> Span {
        let unchecked = self.args.iter().filter_map(|arg| arg.part.as_ref());
        let mut unchecked = unchecked
            .filter(|part| part.maker.is_none())
            .map(|part| part.span);
        if self.result.is_ok_only {
            self.result.span
        } else {
            unchecked.next().map_or(self.key_span, generated)
        }
    }

    /// Whether the tags speak of an argument.
    pub(super) fn is_in_tags(&self, name: &Ident) -> bool {
        let mut tags = self.options.tags.iter().flat_map(|tags| &tags.tags);
        tags.any(|tag| speaks_of(tag.to_token_stream(), name))
    }

    /// Whether a type parameter is the type of a closure that is left out of the
    /// key. Closures have a type each: with a cache for each of them, no call
    /// would be answered by another's.
    pub(super) fn is_left_out(&self, param: &TypeParam) -> bool {
        let named_in = |tokens| mentions(tokens, &param.ident);
        let is_skipped = |arg: &&Arg<'_>| arg.part.is_none();
        let (skipped, within): (Vec<&Arg<'_>>, Vec<&Arg<'_>>) =
            self.args.iter().partition(is_skipped);
        let is_closure = is_closure(param, &self.function.sig.generics);
        self.options.typed.is_none()
            && is_closure
            && skipped
                .iter()
                .any(|arg| named_in(arg.input.ty.to_token_stream()))
            && !within
                .iter()
                .any(|arg| named_in(arg.input.ty.to_token_stream()))
            && !named_in(self.function.sig.output.to_token_stream())
    }

    /// Documentation, where rustdoc can show it. Private functions do without:
    /// that keeps their expansion small.
    pub(super) fn doc(&self, text: &str) -> TokenStream {
        if matches!(self.place, Place::Inside { .. }) && attrs::is_hidden(&self.function.attrs) {
            return quote!(#[doc(hidden)]);
        }
        // What has no visibility may be of a trait, and with that be as visible.
        let is_seen = match &self.place {
            Place::Beside => !self.vis().is_empty(),
            Place::Inside { block, .. } => block.is_none() || !self.vis().is_empty(),
        };
        if !is_seen {
            return TokenStream::new();
        }
        quote!(#[doc = #text])
    }
}

/// Refuses expressions that speak of a parameter whose name another has as well.
fn spoken_of(param: &Param, options: &Options) -> syn::Result<()> {
    let named = |tag: &Expr| {
        let name = param.name();
        name.is_some_and(|name| mentions(tag.to_token_stream(), name))
    };
    let tags = options.tags.iter().flat_map(|tags| &tags.tags);
    let who = if matches!(param.key, Key::Computed(_)) {
        "`#[key(expr)]`"
    } else if tags.into_iter().any(named) {
        "a tag"
    } else {
        return Ok(());
    };
    let message =
        format!("two parameters have this name, so {who} can't speak of it: rename one of them");
    Err(syn::Error::new_spanned(&param.input.pat, message))
}

fn constants(function: &Function, krate: &TokenStream) -> Vec<Shape> {
    let params = function.sig.generics.const_params();
    let loose = params.map(|param| {
        let name = &param.ident;
        Shape::loose(&quote!(&#name), name.span(), krate)
    });
    loose.collect()
}

fn part(
    param: &Param,
    maker: Ident,
    (loose, shared): (bool, bool),
    krate: &TokenStream,
) -> syn::Result<Option<ArgPart>> {
    let span = param.ty().span();
    let value = value_at(span);
    let maker = || Some(maker);
    Ok(Some(match &param.key {
        Key::Skip => return Ok(None),
        Key::Computed(expr) => computed(expr, span, (loose, shared), krate),
        Key::Whole if loose => ArgPart {
            shape: Shape::loose(&value, span, krate),
            maker: maker(),
            span,
        },
        Key::Whole => ArgPart {
            shape: key::shape(param.ty(), &value, krate)?,
            maker: maker(),
            span,
        },
    }))
}

/// `#[key(expr)]`
fn computed(
    expr: &TokenStream,
    otherwise: Span,
    (loose, shared): (bool, bool),
    krate: &TokenStream,
) -> ArgPart {
    let first = expr.clone().into_iter().next();
    let span = first.map_or(otherwise, |token| token.span());
    let expr = respan(expr.clone());
    let value = quote_spanned!(generated(span)=> &(#expr));
    let shape = if loose {
        Shape::loose(&value, span, krate)
    } else if shared {
        Shape::encoded(&value, span, krate)
    } else {
        Shape::any(&value, span, krate)
    };
    ArgPart {
        shape,
        maker: None,
        span,
    }
}

/// The name that a maker of parts gives to the argument; all of the maker has
/// one span, down to its hygiene.
fn value_at(span: Span) -> TokenStream {
    Ident::new("__value", generated(span)).to_token_stream()
}

/// Whether calls may differ in their types.
fn is_generic(function: &Function) -> bool {
    !type_parameters(&function.sig.generics).is_empty()
        || function
            .params
            .iter()
            .any(|param| key::has_impl(param.ty()))
}

/// Whether a lifetime is written in the type, or left out behind an `&`.
fn has_lifetimes(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '\'' | '&'),
        TokenTree::Group(group) => has_lifetimes(group.stream()),
        _ => false,
    })
}

/// A parameter's own name, or one for it where it has a pattern.
fn argument_name(param: &Param, index: usize, before: &[Arg<'_>]) -> Ident {
    let name = match param.name() {
        Some(name) => {
            let mut name = name.clone();
            name.set_span(generated(name.span()));
            name
        }
        None => return local(&format!("arg{index}")),
    };
    // Two names may be the same word with different hygiene.
    if before.iter().any(|arg| arg.name == name) {
        return local(&format!("arg{index}"));
    }
    name
}

fn companion_name(function: &Function, options: &Options) -> Ident {
    match &options.companion {
        Companion::Named(Some(name)) => {
            let mut name = name.clone();
            name.set_span(generated(name.span()));
            name
        }
        Companion::Named(None) => {
            let mut name = function.sig.ident.clone();
            name.set_span(generated(name.span()));
            name
        }
        Companion::None => format_ident!("__lruheap_{}", function.name()),
    }
}
