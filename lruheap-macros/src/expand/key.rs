//! From the type of a parameter to its part of the key: how an argument of
//! that type is looked up, and as what it is kept.
//!
//! Every token of a part stands at the parameter's type. What the type is not
//! good for is then reported there, and once: the compiler drops messages that
//! repeat themselves at one place.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Error, GenericArgument, Lifetime, PathArguments, PathSegment, Type, TypePath, TypeReference,
};

use super::hygiene::{at, generated, respan};

/// A parameter's part of the key.
#[derive(Clone)]
pub(crate) struct Shape {
    /// An expression that makes the part, given a reference to the argument.
    pub(crate) part: TokenStream,
    /// The type that the argument is kept as.
    pub(crate) owned: TokenStream,
}

impl Shape {
    /// An argument whose type the macro does not know: `impl Trait`, `#[key(expr)]`.
    pub(crate) fn any(value: &TokenStream, span: Span, krate: &TokenStream) -> Self {
        let (span, krate) = (generated(span), &at(span, krate));
        let part = quote_spanned!(span=> #krate::__private::KeyProbe::new(#value).part());
        Shape {
            part,
            owned: quote!(#krate::__private::AnyKey),
        }
    }

    /// `#[key(expr)]` of a function that shares its results: in the words of all processes.
    pub(crate) fn encoded(value: &TokenStream, span: Span, krate: &TokenStream) -> Self {
        let (span, krate) = (generated(span), &at(span, krate));
        let part = quote_spanned!(span=> #krate::__private::shared::encoded(#value));
        Shape {
            part,
            owned: quote!(#krate::__private::shared::EncodedKey),
        }
    }

    /// An argument of a function with `typed = false`.
    pub(crate) fn loose(value: &TokenStream, span: Span, krate: &TokenStream) -> Self {
        let (span, krate) = (generated(span), &at(span, krate));
        let part = quote_spanned!(span=> #krate::__private::loose(#value));
        Shape {
            part,
            owned: quote!(#krate::__private::Loose),
        }
    }
}

/// The part of a parameter of type `ty`, given a reference to the argument.
pub(crate) fn shape(ty: &Type, place: &TokenStream, krate: &TokenStream) -> syn::Result<Shape> {
    let span = generated(ty.span());
    let krate = &at(span, krate);
    let ctx = Context { span, krate };
    if has_impl(ty) {
        return Ok(Shape::any(place, ty.span(), krate));
    }
    if borrow_in(ty).is_none() {
        let part = quote_spanned!(span=> #krate::__private::plain(#place));
        return Ok(Shape {
            part,
            owned: respan(ty.to_token_stream()),
        });
    }
    let inner = quote_spanned!(span=> *(#place));
    match ungrouped(ty) {
        Type::Reference(TypeReference {
            mutability: None,
            elem,
            ..
        }) => match ungrouped(elem) {
            Type::Slice(slice) if borrow_in(&slice.elem).is_some() => {
                ctx.sequence(&slice.elem, &quote_spanned!(span=> (#inner)[..]))
            }
            elem if borrow_in(elem).is_none() => Ok(ctx.borrowed(elem, &inner)),
            elem => shape(elem, &inner, krate),
        },
        Type::Tuple(tuple) => {
            let mut shapes = Vec::new();
            for (index, elem) in tuple.elems.iter().enumerate() {
                let index = syn::Index::from(index);
                shapes.push(shape(
                    elem,
                    &quote_spanned!(span=> &(#place).#index),
                    krate,
                )?);
            }
            Ok(tuple_of(&shapes, span))
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
        // A slice by its element, so that less can be wrong with the type.
        let owned = match ungrouped(elem) {
            Type::Slice(slice) => {
                let item = respan(slice.elem.to_token_stream());
                quote_spanned!(self.span=> #krate::__private::Vec<#item>)
            }
            _ => {
                let elem = at(self.span, &respan(elem.to_token_stream()));
                quote_spanned!(self.span=> #krate::__private::Owned<#elem>)
            }
        };
        Shape { part, owned }
    }

    fn sequence(&self, elem: &Type, slice: &TokenStream) -> syn::Result<Shape> {
        let (span, krate) = (self.span, self.krate);
        let item = quote_spanned!(Span::mixed_site().located_at(span)=> __item);
        let Shape { part, owned } = shape(elem, &item, krate)?;
        let part = quote_spanned!(span=> #krate::__private::sequence(&#slice, |#item| #part));
        Ok(Shape {
            part,
            owned: quote!(#krate::__private::Vec<#owned>),
        })
    }

    fn optional(&self, elem: &Type, place: &TokenStream) -> syn::Result<Shape> {
        let (span, krate) = (self.span, self.krate);
        let item = quote_spanned!(Span::mixed_site().located_at(span)=> __item);
        let Shape { part, owned } = shape(elem, &item, krate)?;
        let part = quote_spanned! {span=>
            #krate::__private::optional(#krate::__private::Option::as_ref(#place).map(|#item| #part))
        };
        Ok(Shape {
            part,
            owned: quote!(#krate::__private::Option<#owned>),
        })
    }
}

/// The most members that a tuple part has.
const TUPLE: usize = 12;

/// What a key of these members is kept as, member by member.
pub(crate) fn members_of(shapes: &[Shape]) -> Vec<TokenStream> {
    let (here, rest) = split(shapes);
    let mut members: Vec<TokenStream> = here.iter().map(|shape| shape.owned.clone()).collect();
    if !rest.is_empty() {
        members.push(tuple_of(rest, Span::call_site()).owned);
    }
    members
}

fn split(shapes: &[Shape]) -> (&[Shape], &[Shape]) {
    if shapes.len() > TUPLE {
        shapes.split_at(TUPLE - 1)
    } else {
        (shapes, &[])
    }
}

/// The key made of several parts: a tuple, nested where there are too many.
pub(crate) fn tuple_of(shapes: &[Shape], span: Span) -> Shape {
    let (here, rest) = split(shapes);
    let rest = (!rest.is_empty()).then(|| tuple_of(rest, span));
    let members = || here.iter().chain(&rest);
    let parts = members().map(|shape| &shape.part);
    let owned = members().map(|shape| &shape.owned);
    Shape {
        part: quote_spanned!(span=> (#(#parts,)*)),
        owned: quote_spanned!(span=> (#(#owned,)*)),
    }
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
    let name = ["Option", "Vec", "Cow"]
        .into_iter()
        .find(|name| last.ident == name)?;
    Some((name, *type_arguments(last).first()?))
}

fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// The first type that a type called `Result<…>` names.
pub(crate) fn ok_type(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ungrouped(ty) else {
        return None;
    };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == "Result")?;
    type_arguments(last).first().copied()
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
        // Of `<T as Trait<'_>>::Type`, only the type is what the value is.
        Type::Path(path) => path
            .path
            .segments
            .iter()
            .skip(path.qself.as_ref().map_or(0, |of| of.position))
            .find_map(|segment| {
                let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
                    return None;
                };
                arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(ty) => borrow_in(ty),
                    GenericArgument::AssocType(assoc) => borrow_in(&assoc.ty),
                    GenericArgument::Lifetime(lifetime) => {
                        shorter(lifetime).then(|| ty.to_token_stream())
                    }
                    _ => None,
                })
            }),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(borrow_in),
        Type::Array(array) => borrow_in(&array.elem),
        Type::Slice(slice) => borrow_in(&slice.elem),
        Type::TraitObject(object) => object.bounds.iter().find_map(|bound| match bound {
            syn::TypeParamBound::Lifetime(lifetime) if shorter(lifetime) => {
                Some(ty.to_token_stream())
            }
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
