//! Reads an `impl` block into a model: its head, and its items, of which those
//! methods matter that carry `#[lru_cache]`. Everything else stays the tokens
//! that it is.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{
    AttrStyle, Attribute, GenericParam, Generics, Path, Signature, Token, Type, Visibility,
    WhereClause,
};

use crate::expand::attrs;
use crate::expand::hygiene::mentions;
use crate::expand::key::ungrouped;
use crate::item::{braces, is_function, is_ours};
use crate::options::is_primitive;

/// An `impl` block.
pub(crate) struct Block {
    pub(crate) attrs: Vec<Attribute>,
    unsafety: Option<Token![unsafe]>,
    pub(crate) generics: Generics,
    /// `Trait for`
    pub(crate) of: Option<(Path, Token![for])>,
    pub(crate) ty: Type,
    pub(crate) items: Vec<Item>,
    /// `#![…]`
    inner: Vec<Attribute>,
    /// The braces.
    body: Group,
}

pub(crate) enum Item {
    /// A method with `#[lru_cache]` or `#[cache]`; that attribute, and the rest.
    Memoized {
        attribute: Box<Attribute>,
        method: TokenStream,
    },
    Other(TokenStream),
}

/// Whether the item is an `impl` block.
pub(crate) fn is_block(item: &TokenStream) -> bool {
    let parser = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        let _: Option<Token![unsafe]> = input.parse()?;
        let is_impl = input.peek(Token![impl]);
        input.parse::<TokenStream>()?;
        Ok(is_impl)
    };
    parser.parse2(item.clone()).unwrap_or(false)
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        input.parse::<Token![impl]>()?;
        let mut generics = Generics::default();
        if input.peek(Token![<]) && !input.peek2(Token![>]) {
            generics = input.parse()?;
        } else if input.peek(Token![<]) {
            input.parse::<Token![<]>()?;
            input.parse::<Token![>]>()?;
        }
        let ahead = input.fork();
        let of = match (ahead.parse::<Path>(), ahead.peek(Token![for])) {
            (Ok(_), true) => Some((input.parse()?, input.parse()?)),
            _ => None,
        };
        let ty = input.parse()?;
        generics.where_clause = input.parse::<Option<WhereClause>>()?;
        let body = match input.parse()? {
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => body,
            other => return Err(syn::Error::new(other.span(), "expected the block's `{`")),
        };
        let parser = |input: ParseStream<'_>| {
            let inner = input.call(Attribute::parse_inner)?;
            Ok((inner, items(input)?))
        };
        let (inner, items) = parser.parse2(body.stream())?;
        Ok(Block {
            attrs,
            unsafety,
            generics,
            of,
            ty,
            items,
            inner,
            body,
        })
    }
}

fn items(input: ParseStream<'_>) -> syn::Result<Vec<Item>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let rest = item(input)?;
        let ours = attrs.iter().position(is_ours);
        items.push(match ours {
            Some(at) => {
                let attribute = Box::new(attrs.remove(at));
                Item::Memoized {
                    attribute,
                    method: quote!(#(#attrs)* #rest),
                }
            }
            None => Item::Other(quote!(#(#attrs)* #rest)),
        });
    }
    Ok(items)
}

/// The tokens of one item: up to its semicolon or the end of its braces.
fn item(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let vis: Visibility = input.parse()?;
    let mut tokens = vis.to_token_stream();
    if is_function(input) {
        let signature: Signature = input.parse()?;
        let body: TokenTree = input.parse()?;
        let is_end = matches!(&body, TokenTree::Punct(punct) if punct.as_char() == ';');
        if !is_end && braces(body.clone()).is_none() {
            return Err(syn::Error::new(body.span(), "expected the function's `{`"));
        }
        tokens.extend(quote!(#signature #body));
        return Ok(tokens);
    }
    // Braces end a macro call, and are part of the value of a constant.
    let ends_with_braces = !(input.peek(Token![type]) || input.peek(Token![const]));
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => ends_with_braces && group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        tokens.extend([token]);
        if ends {
            break;
        }
    }
    Ok(tokens)
}

impl Block {
    /// `impl … Trait for Type where …`, as written.
    pub(crate) fn head(&self) -> TokenStream {
        let Block {
            unsafety,
            generics,
            of,
            ty,
            ..
        } = self;
        let clause = &generics.where_clause;
        let of = of.as_ref().map(|(path, token)| quote!(#path #token));
        let generics = (!generics.params.is_empty()).then_some(generics);
        let generics = generics.map(|generics| {
            let params = &generics.params;
            quote!(<#params>)
        });
        quote!(#unsafety impl #generics #of #ty #clause)
    }

    /// `impl … Type where …`: where the controls go.
    pub(crate) fn inherent_head(&self) -> TokenStream {
        let (ty, clause) = (&self.ty, &self.generics.where_clause);
        let params = &self.generics.params;
        let generics = (!params.is_empty()).then(|| quote!(<#params>));
        quote!(impl #generics #ty #clause)
    }

    /// The block with these items in it.
    pub(crate) fn with(&self, items: &TokenStream) -> TokenStream {
        let (attrs, head, inner) = (&self.attrs, self.head(), &self.inner);
        let mut body = Group::new(Delimiter::Brace, quote!(#(#inner)* #items));
        body.set_span(self.body.span());
        quote!(#(#attrs)* #head #body)
    }

    /// What the attributes say of everything in the block.
    pub(crate) fn lints(&self) -> TokenStream {
        let inner = self.inner.iter().map(|attr| Attribute {
            style: AttrStyle::Outer,
            ..attr.clone()
        });
        let all: Vec<Attribute> = self.attrs.iter().cloned().chain(inner).collect();
        attrs::inherited(&all)
    }

    /// Why the block's type can't have the controls of a trait's methods.
    pub(crate) fn without_place_for_controls(&self) -> Option<(TokenStream, &'static str)> {
        self.of.as_ref()?;
        let message = match ungrouped(&self.ty) {
            Type::Path(path)
                if path
                    .path
                    .get_ident()
                    .is_some_and(|name| is_primitive(&name.to_string())) =>
            {
                NO_PLACE
            }
            Type::Path(path) => {
                let is_parameter = |param: &GenericParam| matches!(param, GenericParam::Type(param) if path.path.is_ident(&param.ident));
                if !self.generics.params.iter().any(is_parameter) {
                    return self.unbound_parameter();
                }
                "the controls of a trait's memoized methods go to an inherent `impl`, and a type parameter has none: implement the trait for a type of your own, or memoize a free function that the method calls"
            }
            _ => NO_PLACE,
        };
        Some((self.ty.to_token_stream(), message))
    }

    /// A parameter of the block that is only in the trait.
    fn unbound_parameter(&self) -> Option<(TokenStream, &'static str)> {
        let ty = self.ty.to_token_stream();
        self.generics.params.iter().find_map(|param| {
            let name = match param {
                GenericParam::Type(param) => &param.ident,
                GenericParam::Const(param) => &param.ident,
                GenericParam::Lifetime(_) => return None,
            };
            (!mentions(ty.clone(), name)).then(|| {
                (
                    name.to_token_stream(),
                    "the controls of a trait's memoized methods go to an inherent `impl`, and there this parameter has no place: memoize a free function that the method calls",
                )
            })
        })
    }

    /// Tokens of a method, or of its options, with `Self::Item` as `<Self as
    /// Trait>::Item` where the block says what the type or constant `Item` is: that is
    /// understood outside the block as well.
    pub(crate) fn outside(&self, method: TokenStream) -> TokenStream {
        let Some((path, _)) = &self.of else {
            return method;
        };
        let types: Vec<Ident> = self
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Other(tokens) => associated(tokens),
                Item::Memoized { .. } => None,
            })
            .collect();
        if types.is_empty() {
            return method;
        }
        qualify(method, &types, path)
    }

    /// An import of the trait, for bodies that have left the block.
    pub(crate) fn import(&self) -> Option<TokenStream> {
        let (path, _) = self.of.as_ref()?;
        let mut path = path.clone();
        if let Some(last) = path.segments.last_mut() {
            last.arguments = syn::PathArguments::None;
        }
        Some(path.to_token_stream())
    }
}

const NO_PLACE: &str = "the controls of a trait's memoized methods go to an inherent `impl`, and this type can have none: implement the trait for a type of your own, or memoize a free function that the method calls";

/// The name of `type Name = …;` or `const NAME: T = …;`.
fn associated(item: &TokenStream) -> Option<Ident> {
    let parser = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        if input.peek(Token![type]) {
            input.parse::<Token![type]>()?;
        } else {
            input.parse::<Token![const]>()?;
        }
        let name: Ident = input.parse()?;
        input.parse::<TokenStream>()?;
        Ok(name)
    };
    parser.parse2(item.clone()).ok()
}

fn qualify(tokens: TokenStream, types: &[Ident], path: &Path) -> TokenStream {
    let mut out = TokenStream::new();
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Ident(this)
                if this == "Self" && !is_path(&tokens[..at]) && names(&tokens[at + 1..], types) =>
            {
                let trait_path = path.to_token_stream();
                out.extend(quote::quote_spanned!(this.span()=> <#this as #trait_path>));
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), qualify(group.stream(), types, path));
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            token => out.extend([token.clone()]),
        }
        at += 1;
    }
    out
}

/// Whether a path's `::` stands at the end.
fn is_path(before: &[TokenTree]) -> bool {
    let is_colon =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    before
        .iter()
        .rev()
        .take_while(|token| is_colon(token))
        .count()
        >= 2
}

/// Whether `:: Name` follows, with one of these names.
fn names(rest: &[TokenTree], types: &[Ident]) -> bool {
    let is_colon =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    match rest {
        [first, second, TokenTree::Ident(name), ..] => {
            is_colon(first) && is_colon(second) && types.contains(name)
        }
        _ => false,
    }
}
