//! What the expansion consists of, worked out once: names, parts of the key,
//! the outcome. The writers next door put it together.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, PatType, ReturnType, Type, Visibility};

use super::hygiene::{generated, respan};
use super::key::{self, Shape};
use super::{cache, companion, function};
use crate::item::{Function, Key, Param};
use crate::options::{Companion, Options, Scope};

pub(super) struct Plan<'a> {
    pub(super) function: &'a Function,
    pub(super) options: &'a Options,
    /// The type that carries the cache and its controls.
    pub(super) companion: Ident,
    pub(super) args: Vec<Arg<'a>>,
    /// The key of all arguments together.
    pub(super) key: Shape,
    /// What the body returns.
    pub(super) result: TokenStream,
    /// What the cache keeps.
    pub(super) value: TokenStream,
    /// An expression for what of a result is kept.
    pub(super) outcome: TokenStream,
    /// The same for the controls, which are not choosy.
    pub(super) outcome_of_controls: TokenStream,
}

/// A parameter as the generated functions have it: a name and a type.
pub(super) struct Arg<'a> {
    pub(super) name: Ident,
    pub(super) input: &'a PatType,
    pub(super) skipped: bool,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        function: &'a Function,
        options: &'a Options,
    ) -> syn::Result<Self> {
        let krate = &options.krate;
        let loose = options.typed == Some(false) && is_generic(function);
        let mut args: Vec<Arg<'a>> = Vec::new();
        let mut shapes = Vec::new();
        for (index, param) in function.params.iter().enumerate() {
            let name = argument_name(param, index, &args);
            if let Some(shape) = part(param, &name, loose, krate)? {
                shapes.push(shape);
            }
            args.push(Arg { name, input: &param.input, skipped: matches!(param.key, Key::Skip) });
        }
        let result = match &function.sig.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, ty) => ty.to_token_stream(),
        };
        let (value, kept) = kept(function, options);
        Ok(Plan {
            function,
            options,
            companion: companion_name(function, options),
            args,
            key: key::tuple_of(&shapes),
            result: respan(result),
            value: respan(value),
            outcome: filtered(kept.clone(), options),
            outcome_of_controls: kept,
        })
    }

    /// The whole expansion.
    pub(super) fn expand(&self) -> TokenStream {
        match self.options.companion {
            Companion::Named(_) => {
                let companion = companion::write(self);
                let function = function::write(self, &TokenStream::new());
                quote!(#function #companion)
            }
            Companion::None => function::write(self, &companion::write_hidden(self)),
        }
    }

    /// `::lruheap::__private`
    pub(super) fn private(&self) -> TokenStream {
        let krate = &self.options.krate;
        quote!(#krate::__private)
    }

    /// The companion with the function's own parameters: `f`, `f::<T, N>`.
    pub(super) fn companion_path(&self) -> TokenStream {
        let companion = &self.companion;
        let names = type_parameters(self.function);
        if names.is_empty() { quote!(#companion) } else { quote!(#companion::<#(#names),*>) }
    }

    /// Where the cache is found, as an expression.
    pub(super) fn home(&self, of: &TokenStream) -> TokenStream {
        let find = cache::finder(self.options.scope);
        quote!(#of::#find())
    }

    /// The visibility for what is generated.
    pub(super) fn vis(&self) -> TokenStream {
        respan(self.function.vis.to_token_stream())
    }

    /// The arguments' names, to hand them on.
    pub(super) fn names(&self) -> impl Iterator<Item = &Ident> {
        self.args.iter().map(|arg| &arg.name)
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
        !type_parameters(self.function).is_empty() && self.options.typed != Some(false)
    }

    /// Whether a type parameter occurs only in what is left out of the key.
    pub(super) fn is_left_out(&self, name: &Ident) -> bool {
        let named_in = |tokens| mentions(tokens, name);
        let skipped = |arg: &&Arg<'_>| arg.skipped;
        let (out, within): (Vec<&Arg<'_>>, Vec<&Arg<'_>>) = self.args.iter().partition(skipped);
        out.iter().any(|arg| named_in(arg.input.ty.to_token_stream()))
            && !within.iter().any(|arg| named_in(arg.input.ty.to_token_stream()))
            && !named_in(self.result.clone())
    }

    /// Documentation, where rustdoc can show it. Private functions do without:
    /// that keeps their expansion small.
    pub(super) fn doc(&self, text: &str) -> TokenStream {
        match self.function.vis {
            Visibility::Inherited => TokenStream::new(),
            _ => quote!(#[doc = #text]),
        }
    }

    pub(super) fn is_local(&self) -> bool {
        self.options.scope == Scope::Thread
    }
}

fn part(
    param: &Param,
    name: &Ident,
    loose: bool,
    krate: &TokenStream,
) -> syn::Result<Option<Shape>> {
    let span = param.ty().span();
    // The name where it is used, pointing at the type: that is what is at
    // fault if it can't be part of a key.
    let mut place = name.clone();
    place.set_span(name.span().located_at(span));
    let place = place.to_token_stream();
    Ok(Some(match &param.key {
        Key::Skip => return Ok(None),
        Key::Computed(expr) => {
            let span = expr.clone().into_iter().next().map_or(span, |token| token.span());
            Shape::any(&respan(expr.clone()), span, krate)
        }
        Key::Whole if loose => Shape::loose(&place, span, krate),
        Key::Whole => key::shape(param.ty(), &place, krate)?,
    }))
}

/// Whether calls may differ in their types.
fn is_generic(function: &Function) -> bool {
    !type_parameters(function).is_empty()
        || function.params.iter().any(|param| key::has_impl(param.ty()))
}

/// The names of the type and const parameters.
pub(super) fn type_parameters(function: &Function) -> Vec<Ident> {
    let params = function.sig.generics.params.iter();
    params
        .filter_map(|param| match param {
            GenericParam::Lifetime(_) => None,
            GenericParam::Type(param) => Some(param.ident.clone()),
            GenericParam::Const(param) => Some(param.ident.clone()),
        })
        .collect()
}

fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
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
        None => return Ident::new(&format!("arg{index}"), Span::mixed_site()),
    };
    // Two names may be the same word with different hygiene.
    if before.iter().any(|arg| arg.name == name) {
        return Ident::new(&format!("arg{index}"), Span::mixed_site());
    }
    name
}

fn companion_name(function: &Function, options: &Options) -> Ident {
    match &options.companion {
        Companion::Named(Some(name)) => name.clone(),
        Companion::Named(None) => {
            let mut name = function.sig.ident.clone();
            name.set_span(generated(name.span()));
            name
        }
        Companion::None => format_ident!("__lruheap_{}", function.name()),
    }
}

/// What is kept of a result, and the expression for it.
fn kept(function: &Function, options: &Options) -> (TokenStream, TokenStream) {
    let krate = &options.krate;
    let ReturnType::Type(_, ty) = &function.sig.output else {
        let span = generated(function.sig.ident.span());
        return (quote!(()), quote_spanned!(span=> #krate::__private::keep::<()>()));
    };
    let span = generated(ty.span());
    match key::result_arguments(ty) {
        _ if options.cache_err => {
            (ty.to_token_stream(), quote_spanned!(span=> #krate::__private::keep_err::<#ty>()))
        }
        // `Result<T, E>` is nearly always the standard one; a type of the
        // user's own is refused by `keep_ok`, with what to do.
        Some(types) => {
            let value = match types[..] {
                [ok, _] => ok.to_token_stream(),
                _ => quote!(#krate::__private::OkOf<#ty>),
            };
            (value, quote_spanned!(span=> #krate::__private::keep_ok::<#ty>()))
        }
        None if is_surely_no_alias(ty) => {
            (ty.to_token_stream(), quote_spanned!(span=> #krate::__private::keep::<#ty>()))
        }
        None => {
            let probe = quote_spanned!(span=> #krate::__private::Probe::<#ty>::new().outcome());
            (ty.to_token_stream(), probe)
        }
    }
}

fn filtered(mut outcome: TokenStream, options: &Options) -> TokenStream {
    let krate = &options.krate;
    if let Some(span) = options.drop_none {
        outcome = quote_spanned!(generated(span)=> #krate::__private::keep_some(#outcome));
    }
    if let Some(accepts) = &options.cache_if {
        let span = generated(accepts.span());
        outcome = quote_spanned!(span=> #krate::__private::keep_if(#outcome, #accepts));
    }
    outcome
}

/// Types that can't be another name for a `Result`.
fn is_surely_no_alias(ty: &Type) -> bool {
    match key::ungrouped(ty) {
        Type::Path(path) => path
            .path
            .get_ident()
            .is_some_and(|name| crate::check::is_primitive(&name.to_string())),
        _ => true,
    }
}
