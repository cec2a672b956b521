//! Reads the function under the attribute into a model. The body stays the
//! tokens that it is: one that does not parse is the compiler's to complain of.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, FnArg, Lit, Meta, Pat, PatType, Receiver, Safety, Signature, Token, Type, Visibility,
};

use crate::error::Errors;

/// A function that is to be memoized.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    /// The signature as written, less the `#[key]` attributes.
    pub(crate) sig: Signature,
    pub(crate) params: Vec<Param>,
    pub(crate) receiver: Option<Receiver>,
    /// Further `#[lru_cache]`s and `#[cache]`s, which don't belong there.
    pub(crate) again: Vec<Attribute>,
    /// `None` where there is a semicolon in its place.
    pub(crate) body: Option<Group>,
}

pub(crate) struct Param {
    /// As written, less the `#[key]` attribute.
    pub(crate) input: PatType,
    pub(crate) key: Key,
}

/// What a parameter gives to the key.
pub(crate) enum Key {
    Whole,
    Skip,
    Computed(TokenStream),
}

impl Param {
    pub(crate) fn ty(&self) -> &Type {
        &self.input.ty
    }

    /// The parameter's name, where it is no more than a name.
    pub(crate) fn name(&self) -> Option<&Ident> {
        match &*self.input.pat {
            Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Some(&name.ident),
            _ => None,
        }
    }
}

impl Function {
    /// Reads an item. `Err` where it is nothing that can be made sense of, with
    /// the message for the user; mistakes in `#[key]` are noted.
    pub(crate) fn read(item: TokenStream, errors: &mut Errors) -> syn::Result<Self> {
        let Raw {
            attrs,
            vis,
            mut sig,
            body,
        } = syn::parse2(item)?;
        let (again, attrs) = attrs.into_iter().partition(is_ours);
        let mut receiver = None;
        let mut params = Vec::new();
        for input in &mut sig.inputs {
            match input {
                FnArg::Receiver(this) => receiver = Some(this.clone()),
                FnArg::Typed(input) => {
                    let key = take_key(&mut input.attrs, errors);
                    params.push(Param {
                        input: input.clone(),
                        key,
                    });
                }
            }
        }
        Ok(Function {
            attrs,
            vis,
            sig,
            params,
            receiver,
            again,
            body,
        })
    }

    /// The function as it was written, for when it can't be memoized.
    pub(crate) fn original(&self) -> TokenStream {
        let Function {
            attrs,
            vis,
            sig,
            body,
            ..
        } = self;
        let body = match body {
            Some(body) => body.to_token_stream(),
            None if self.receiver.is_some() => quote!(;),
            // So that the compiler does not ask for one as well.
            None => quote!({ loop {} }),
        };
        quote!(#(#attrs)* #vis #sig #body)
    }

    /// `unsafe`, where the function is.
    pub(crate) fn unsafety(&self) -> Option<Token![unsafe]> {
        match self.sig.safety {
            Safety::Unsafe(token) => Some(token),
            _ => None,
        }
    }

    /// The function's name without `r#`.
    pub(crate) fn name(&self) -> String {
        self.sig.ident.unraw().to_string()
    }
}

struct Raw {
    attrs: Vec<Attribute>,
    vis: Visibility,
    sig: Signature,
    body: Option<Group>,
}

impl Parse for Raw {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if let Some(error) = not_a_function(input) {
            return Err(error);
        }
        let sig = input.parse()?;
        let body = match input.parse()? {
            TokenTree::Group(body) => Some(body),
            _ => None,
        };
        input.parse::<TokenStream>()?;
        Ok(Raw {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

/// What stands there if no function does.
fn not_a_function(input: ParseStream<'_>) -> Option<syn::Error> {
    let ahead = input.fork();
    while ahead.peek(Token![const])
        || ahead.peek(Token![async])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![extern])
        || ahead.peek(Lit)
        || ahead.peek(Token![fn])
    {
        if ahead.peek(Token![fn]) {
            return None;
        }
        ahead.parse::<TokenTree>().ok()?;
    }
    if input.peek(Token![impl]) {
        let message = "memoizing methods in an `impl` block is not there yet: put the attribute on a free function";
        return Some(input.error(message));
    }
    let word = ahead
        .call(Ident::parse_any)
        .map_or_else(|_| String::new(), |word| word.to_string());
    let named = ITEMS
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, what)| *what);
    let message = match named {
        Some(what) => format!(
            "only functions can be memoized, and this is {what}: put the attribute on a `fn`"
        ),
        None if input.peek(Token![const]) => {
            "only functions can be memoized, and this is a constant: put the attribute on a `fn`"
                .into()
        }
        None => "only functions can be memoized: put the attribute on a `fn`".into(),
    };
    Some(input.error(message))
}

const ITEMS: [(&str, &str); 11] = [
    ("struct", "a struct"),
    ("enum", "an enum"),
    ("union", "a union"),
    ("trait", "a trait"),
    ("impl", "an `impl` block"),
    ("mod", "a module"),
    ("static", "a static"),
    ("type", "a type alias"),
    ("use", "an import"),
    ("let", "a statement"),
    ("macro_rules", "a macro"),
];

fn is_ours(attr: &Attribute) -> bool {
    let segments = &attr.path().segments;
    let named = |name| segments.last().is_some_and(|last| last.ident == name);
    let of_ours = segments.len() == 1 || segments.iter().any(|segment| segment.ident == "lruheap");
    of_ours && (named("lru_cache") || named("cache"))
}

/// Takes `#[key(…)]` out of a parameter's attributes.
fn take_key(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Key {
    const USAGE: &str = "write `#[key(skip)]`, or `#[key(expr)]` with the expression that takes the parameter's place in the key";
    let mut key = Key::Whole;
    let mut seen = false;
    attrs.retain(|attr| {
        if !attr.path().is_ident("key") {
            return true;
        }
        if seen {
            errors.at(
                attr,
                "a parameter has one `#[key]`: leave one of the two out",
            );
            return false;
        }
        seen = true;
        // Whatever is wrong with it, the parameter was not meant to be a key whole.
        key = Key::Skip;
        match &attr.meta {
            Meta::List(list) if list.tokens.to_string() == "skip" => {}
            Meta::List(list) if !list.tokens.is_empty() => {
                match syn::parse2::<syn::Expr>(list.tokens.clone()) {
                    Ok(_) => key = Key::Computed(list.tokens.clone()),
                    Err(error) => errors.at(&list.tokens, format!("{error}: {USAGE}")),
                }
            }
            meta => errors.at(meta, USAGE),
        }
        false
    });
    key
}
