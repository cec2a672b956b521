//! Reads the function under the attribute into a model. The body stays the
//! tokens that it is: one that does not parse is the compiler's to complain of.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, FnArg, Meta, Pat, PatType, Receiver, Safety, Signature, Token, Type, Visibility,
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
        let body = body
            .as_ref()
            .map_or_else(|| quote!(;), ToTokens::to_token_stream);
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

fn not_a_function(input: ParseStream<'_>) -> Option<syn::Error> {
    let what = if input.peek(Token![impl]) {
        return Some(input.error("memoizing methods in an `impl` block is not there yet: put the attribute on a free function"));
    } else if input.peek(Token![struct]) {
        "a struct"
    } else if input.peek(Token![enum]) {
        "an enum"
    } else if input.peek(Token![trait]) {
        "a trait"
    } else if input.peek(Token![mod]) {
        "a module"
    } else if input.peek(Token![static]) {
        "a static"
    } else if input.peek(Token![const]) && !input.peek2(Token![fn]) && !is_qualified_fn(input) {
        "a constant"
    } else if input.peek(Token![type]) {
        "a type alias"
    } else if input.peek(Token![use]) {
        "an import"
    } else if input.peek(Token![let]) {
        "a statement"
    } else {
        return None;
    };
    Some(input.error(format!(
        "only functions can be memoized, and this is {what}: put the attribute on a `fn`"
    )))
}

/// `const unsafe fn`, `const extern "C" fn` and the like.
fn is_qualified_fn(input: ParseStream<'_>) -> bool {
    input.peek2(Token![unsafe]) || input.peek2(Token![extern]) || input.peek2(Token![async])
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
        match &attr.meta {
            Meta::List(list) if !list.tokens.is_empty() => {
                if list.tokens.to_string() == "skip" {
                    key = Key::Skip;
                } else if let Err(error) = syn::parse2::<syn::Expr>(list.tokens.clone()) {
                    errors.at_span(error.span(), format!("{error}: {USAGE}"));
                } else {
                    key = Key::Computed(list.tokens.clone());
                }
            }
            meta => errors.at(meta, USAGE),
        }
        false
    });
    key
}
