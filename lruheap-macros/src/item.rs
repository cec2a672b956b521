//! Reads the function or method under the attribute into a model. The body stays
//! the tokens that it is: one that does not parse is the compiler's to complain
//! of.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, FnArg, GenericArgument, Lit, Meta, Pat, PatType, PathArguments, Receiver,
    ReceiverKind, Safety, Signature, Token, Type, Visibility,
};

use crate::error::Errors;

/// A function that is to be memoized.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    /// The signature as written, less the `#[key]` attributes.
    pub(crate) sig: Signature,
    pub(crate) params: Vec<Param>,
    pub(crate) this: Option<This>,
    /// Further `#[lru_cache]`s and `#[cache]`s, which don't belong there.
    pub(crate) again: Vec<Attribute>,
    /// `None` where there is a semicolon in its place.
    pub(crate) body: Option<Group>,
}

/// The receiver of a method.
pub(crate) struct This {
    /// As written, less the `#[key]` attribute.
    pub(crate) receiver: Receiver,
    pub(crate) holding: Holding,
    /// `Whole` where there is no `#[key]`: then each instance has its own cache.
    pub(crate) key: Key,
}

/// How a method holds its instance.
pub(crate) enum Holding {
    /// `&self`
    Reference,
    /// `&mut self`
    Exclusive,
    /// `self: Arc<Self>` or `self: &Arc<Self>`; `Rc` alike.
    Counted { by_reference: bool, is_local: bool },
    /// `self`
    Value,
    /// `self: Box<Self>`, …
    Other,
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

/// Whose the cache of a method is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// The instance's: it hangs on a field.
    Instance,
    /// The instance's: a table has it by a weak reference.
    Counted { is_local: bool },
    /// All instances'.
    Shared,
}

impl This {
    /// Whose the cache of a method with this receiver is.
    pub(crate) fn home(&self) -> Home {
        match (&self.key, &self.holding) {
            (Key::Skip | Key::Computed(_), _) => Home::Shared,
            (Key::Whole, Holding::Counted { is_local, .. }) => Home::Counted {
                is_local: *is_local,
            },
            (Key::Whole, _) => Home::Instance,
        }
    }
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
        let mut this = None;
        let mut params = Vec::new();
        for input in &mut sig.inputs {
            match input {
                FnArg::Receiver(receiver) => {
                    let key = take_key(&mut receiver.attrs, errors);
                    this = Some(This {
                        holding: holding(receiver),
                        receiver: receiver.clone(),
                        key,
                    });
                }
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
            this,
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
            None if self.this.is_some() => quote!(;),
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

/// How a receiver holds the instance.
fn holding(receiver: &Receiver) -> Holding {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => Holding::Reference,
        ReceiverKind::Reference(..) => Holding::Exclusive,
        ReceiverKind::Typed(_, ty) => match &**ty {
            Type::Reference(reference) if is_self(&reference.elem) => match reference.mutability {
                Some(_) => Holding::Exclusive,
                None => Holding::Reference,
            },
            Type::Reference(reference) if reference.mutability.is_none() => {
                counted(&reference.elem, true)
            }
            ty if is_self(ty) => Holding::Value,
            ty => counted(ty, false),
        },
        _ => Holding::Value,
    }
}

fn counted(ty: &Type, by_reference: bool) -> Holding {
    let Type::Path(path) = ty else {
        return Holding::Other;
    };
    let Some(last) = path.path.segments.last() else {
        return Holding::Other;
    };
    let of_self = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(GenericArgument::Type(ty)) => is_self(ty),
            _ => false,
        },
        _ => false,
    };
    if !of_self || !(last.ident == "Arc" || last.ident == "Rc") {
        return Holding::Other;
    }
    Holding::Counted {
        by_reference,
        is_local: last.ident == "Rc",
    }
}

fn is_self(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("Self"))
}

/// A body, which comes in an invisible group where it is a fragment of a macro's.
pub(crate) fn braces(token: TokenTree) -> Option<Group> {
    let TokenTree::Group(group) = token else {
        return None;
    };
    match group.delimiter() {
        Delimiter::Brace => Some(group),
        Delimiter::None => {
            let mut tokens = group.stream().into_iter();
            let inner = tokens.next()?;
            tokens.next().is_none().then(|| braces(inner))?
        }
        _ => None,
    }
}

/// A body that begins with these statements, behind its inner attributes.
pub(crate) fn with_statements(body: &Group, statements: &TokenStream) -> Group {
    let (inner, rest) = without_inner_attributes(body);
    let mut with_statements = Group::new(body.delimiter(), quote!(#inner #statements #rest));
    with_statements.set_span(body.span());
    with_statements
}

/// A body's inner attributes, and what comes behind them.
pub(crate) fn without_inner_attributes(body: &Group) -> (TokenStream, TokenStream) {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let is = |token: Option<&TokenTree>, char| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == char);
    let mut at = 0;
    while is(tokens.get(at), '#') && is(tokens.get(at + 1), '!') {
        at += 3;
    }
    let (inner, rest) = tokens.split_at(at.min(tokens.len()));
    let collect = |tokens: &[TokenTree]| tokens.iter().cloned().collect();
    (collect(inner), collect(rest))
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
        let body = braces(input.parse()?);
        input.parse::<TokenStream>()?;
        Ok(Raw {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

/// Whether a function stands there, with whatever before its `fn`.
pub(crate) fn is_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    skip_qualifiers(&ahead);
    ahead.peek(Token![fn])
}

fn skip_qualifiers(ahead: ParseStream<'_>) {
    while ahead.peek(Token![const])
        || ahead.peek(Token![async])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![extern])
        || ahead.peek(Lit)
    {
        if ahead.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

/// What stands there if no function does.
fn not_a_function(input: ParseStream<'_>) -> Option<syn::Error> {
    if is_function(input) {
        return None;
    }
    let ahead = input.fork();
    skip_qualifiers(&ahead);
    let word = ahead
        .call(Ident::parse_any)
        .map_or_else(|_| String::new(), |word| word.to_string());
    let named = ITEMS
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, what)| *what);
    let message = match named {
        Some(what) => format!(
            "only functions and `impl` blocks can be memoized, and this is {what}: put the attribute on a `fn`"
        ),
        None if input.peek(Token![const]) => {
            "only functions and `impl` blocks can be memoized, and this is a constant: put the attribute on a `fn`"
                .into()
        }
        None => "only functions and `impl` blocks can be memoized: put the attribute on a `fn`".into(),
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

/// `#[lru_cache]` or `#[cache]`.
pub(crate) fn is_ours(attr: &Attribute) -> bool {
    let segments = &attr.path().segments;
    let named = |name| segments.last().is_some_and(|last| last.ident == name);
    // `lru_cache` is nobody else's name; `cache` may be.
    let of_ours = segments.len() == 1 || segments.iter().any(|segment| segment.ident == "lruheap");
    named("lru_cache") || (of_ours && named("cache"))
}

/// Takes `#[key(…)]` out of a parameter's or receiver's attributes.
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
