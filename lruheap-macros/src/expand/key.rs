//! From the type of a parameter to its part of the key: how an argument of
//! that type is looked up, and as what it is kept.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, GenericArgument, Lifetime, PathArguments, PathSegment, Type, TypePath, TypeReference};

use super::hygiene::{generated, respan};

/// A parameter's part of the key.
pub(crate) struct Shape {
    /// An expression that makes the part, given the argument's place.
    pub(crate) part: TokenStream,
    /// The type that the argument is kept as.
    pub(crate) owned: TokenStream,
    /// The same type, asked to be `Send + Sync`.
    pub(crate) shared: TokenStream,
}

impl Shape {
    /// An argument whose type the macro does not know: `impl Trait`, `#[key(expr)]`.
    pub(crate) fn any(value: &TokenStream, span: Span, krate: &TokenStream) -> Self {
        let span = generated(span);
        let part = quote_spanned!(span=> #krate::__private::KeyProbe::new(&(#value)).part());
        Shape::of_ours(part, quote!(#krate::__private::AnyKey))
    }

    /// An argument of a function with `typed = false`.
    pub(crate) fn loose(place: &TokenStream, span: Span, krate: &TokenStream) -> Self {
        let span = generated(span);
        let part = quote_spanned!(span=> #krate::__private::loose(&#place));
        Shape::of_ours(part, quote!(#krate::__private::Loose))
    }

    /// Kept as a type of the library's, which is `Send + Sync`.
    fn of_ours(part: TokenStream, owned: TokenStream) -> Self {
        Shape { part, shared: owned.clone(), owned }
    }

    /// Kept as a type of the user's.
    fn of_users(part: TokenStream, owned: TokenStream, ctx: &Context<'_>) -> Self {
        let krate = ctx.krate;
        let shared = quote_spanned!(ctx.span=> #krate::__private::Shared<#owned>);
        Shape { part, owned, shared }
    }
}

/// The part of a parameter of type `ty` that is found at `place`.
pub(crate) fn shape(ty: &Type, place: &TokenStream, krate: &TokenStream) -> syn::Result<Shape> {
    let span = generated(ty.span());
    at_reference(ty, &quote_spanned!(span=> &#place), krate)
}

/// As `shape`, with an expression for a reference to the argument.
fn at_reference(ty: &Type, place: &TokenStream, krate: &TokenStream) -> syn::Result<Shape> {
    let span = generated(ty.span());
    let ctx = Context { span, krate };
    if has_impl(ty) {
        return Ok(Shape::any(&quote_spanned!(span=> *(#place)), ty.span(), krate));
    }
    if borrow_in(ty).is_none() {
        let part = quote_spanned!(span=> #krate::__private::plain(#place));
        return Ok(Shape::of_users(part, respan(ty.to_token_stream()), &ctx));
    }
    let inner = quote_spanned!(span=> *(#place));
    match ungrouped(ty) {
        Type::Reference(TypeReference { mutability: None, elem, .. }) => match ungrouped(elem) {
            Type::Slice(slice) if borrow_in(&slice.elem).is_some() => {
                ctx.sequence(&slice.elem, &quote_spanned!(span=> (#inner)[..]))
            }
            elem if borrow_in(elem).is_none() => Ok(ctx.borrowed(elem, &inner)),
            elem => at_reference(elem, &inner, krate),
        },
        Type::Tuple(tuple) => {
            let mut shapes = Vec::new();
            for (index, elem) in tuple.elems.iter().enumerate() {
                let index = syn::Index::from(index);
                shapes.push(at_reference(elem, &quote_spanned!(span=> &(#place).#index), krate)?);
            }
            Ok(tuple_of(&shapes))
        }
        Type::Array(array) => ctx.sequence(&array.elem, &quote_spanned!(span=> (#place)[..])),
        Type::Path(path) => match container(path) {
            Some(("Option", elem)) => ctx.optional(elem, place),
            Some(("Vec", elem)) => ctx.sequence(elem, &quote_spanned!(span=> (#place)[..])),
            Some(("Cow", elem)) if borrow_in(elem).is_none() => {
                Ok(ctx.borrowed(elem, &quote_spanned!(span=> &**(#place))))
            }
            _ => Err(unknown_borrow(ty)),
        },
        _ => Err(unknown_borrow(ty)),
    }
}

struct Context<'a> {
    span: Span,
    krate: &'a TokenStream,
}

impl Context<'_> {
    fn borrowed(&self, elem: &Type, reference: &TokenStream) -> Shape {
        let krate = self.krate;
        let part = quote_spanned!(self.span=> #krate::__private::borrowed(#reference));
        let elem = respan(elem.to_token_stream());
        Shape::of_users(part, quote!(#krate::__private::Owned<#elem>), self)
    }

    fn sequence(&self, elem: &Type, slice: &TokenStream) -> syn::Result<Shape> {
        let (span, krate) = (self.span, self.krate);
        let item = quote_spanned!(Span::mixed_site().located_at(span)=> item);
        let Shape { part, owned, shared } = at_reference(elem, &item, krate)?;
        let part = quote_spanned!(span=> #krate::__private::sequence(&#slice, |#item| #part));
        let of = |item| quote!(#krate::__private::Vec<#item>);
        Ok(Shape { part, owned: of(owned), shared: of(shared) })
    }

    fn optional(&self, elem: &Type, place: &TokenStream) -> syn::Result<Shape> {
        let (span, krate) = (self.span, self.krate);
        let item = quote_spanned!(Span::mixed_site().located_at(span)=> item);
        let Shape { part, owned, shared } = at_reference(elem, &item, krate)?;
        let part = quote_spanned! {span=>
            #krate::__private::optional(#krate::__private::Option::as_ref(#place).map(|#item| #part))
        };
        let of = |item| quote!(#krate::__private::Option<#item>);
        Ok(Shape { part, owned: of(owned), shared: of(shared) })
    }
}

/// The most members that a tuple part has.
const TUPLE: usize = 12;

/// The key made of several parts: a tuple, nested where there are too many.
pub(crate) fn tuple_of(shapes: &[Shape]) -> Shape {
    let (here, rest) = if shapes.len() > TUPLE { shapes.split_at(TUPLE - 1) } else { (shapes, &[][..]) };
    let rest = (!rest.is_empty()).then(|| tuple_of(rest));
    let members = || here.iter().chain(&rest);
    let parts = members().map(|shape| &shape.part);
    let owned = members().map(|shape| &shape.owned);
    let shared = members().map(|shape| &shape.shared);
    Shape { part: quote!((#(#parts,)*)), owned: quote!((#(#owned,)*)), shared: quote!((#(#shared,)*)) }
}

fn unknown_borrow(ty: &Type) -> Error {
    Error::new_spanned(
        ty,
        "a value that borrows can't be kept in a cache key: put an owned value in its place with `#[key(expr)]`, leave it out with `#[key(skip)]`, or take a plain reference (`&T`, `Option<&T>`, `&[&T]`)",
    )
}

/// `Option<T>`, `Vec<T>`, `Cow<'_, T>`: the name and `T`.
fn container(path: &TypePath) -> Option<(&'static str, &Type)> {
    let last = path.path.segments.last()?;
    let name = ["Option", "Vec", "Cow"].into_iter().find(|name| last.ident == name)?;
    Some((name, *type_arguments(last).first()?))
}

fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// How many types a type that is called `Result` names, with the first.
pub(crate) fn result_arguments(ty: &Type) -> Option<Vec<&Type>> {
    let Type::Path(path) = ungrouped(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
    Some(type_arguments(last)).filter(|types| !types.is_empty())
}

/// The first type that a type called `Result<…>` names.
pub(crate) fn ok_type(ty: &Type) -> Option<&Type> {
    result_arguments(ty)?.first().copied()
}

/// Whether `impl Trait` stands in the type.
pub(crate) fn has_impl(ty: &Type) -> bool {
    any_part(ty, &mut |ty| matches!(ty, Type::ImplTrait(_)))
}

/// Where the type borrows from something that need not live for ever.
pub(crate) fn borrow_in(ty: &Type) -> Option<TokenStream> {
    match ungrouped(ty) {
        Type::Reference(reference) => match &reference.lifetime {
            Some(lifetime) if lifetime.ident == "static" && reference.mutability.is_none() => {
                borrow_in(&reference.elem)
            }
            _ => Some(ty.to_token_stream()),
        },
        Type::Path(path) => path.path.segments.iter().find_map(|segment| {
            let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => borrow_in(ty),
                GenericArgument::AssocType(assoc) => borrow_in(&assoc.ty),
                GenericArgument::Lifetime(lifetime) => shorter(lifetime).then(|| ty.to_token_stream()),
                _ => None,
            })
        }),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(borrow_in),
        Type::Array(array) => borrow_in(&array.elem),
        Type::Slice(slice) => borrow_in(&slice.elem),
        Type::TraitObject(object) => object.bounds.iter().find_map(|bound| match bound {
            syn::TypeParamBound::Lifetime(lifetime) if shorter(lifetime) => Some(ty.to_token_stream()),
            _ => None,
        }),
        _ => None,
    }
}

fn shorter(lifetime: &Lifetime) -> bool {
    lifetime.ident != "static"
}

fn any_part(ty: &Type, is: &mut impl FnMut(&Type) -> bool) -> bool {
    let ty = ungrouped(ty);
    if is(ty) {
        return true;
    }
    match ty {
        Type::Reference(reference) => any_part(&reference.elem, is),
        Type::Path(path) => path
            .path
            .segments
            .iter()
            .flat_map(type_arguments)
            .any(|ty| any_part(ty, is)),
        Type::Tuple(tuple) => tuple.elems.iter().any(|ty| any_part(ty, is)),
        Type::Array(array) => any_part(&array.elem, is),
        Type::Slice(slice) => any_part(&slice.elem, is),
        _ => false,
    }
}

/// The type without the parentheses and invisible groups round it.
pub(crate) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        ty => ty,
    }
}
