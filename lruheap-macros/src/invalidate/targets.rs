//! What stands in the parentheses of `#[cache_invalidate(…)]`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprPath, Path, Token};

use crate::error::Errors;
use crate::expand::behind;
use crate::expand::hygiene::{generated, local, mentions, respan};

/// What is out of date when the function has ended.
pub(super) struct Targets {
    /// Caches of the instance, by the names of their methods.
    pub(super) own: Vec<Ident>,
    /// Caches of other functions, and entries of them.
    pub(super) others: Vec<Other>,
    /// Whether `others` are out of date after an `Err` and a panic as well.
    pub(super) always: bool,
    pub(super) krate: TokenStream,
}

/// `g`, `Type::m`, `f(expr…)`
pub(super) struct Other {
    path: Path,
    arguments: Option<Punctuated<Expr, Token![,]>>,
}

const USAGE: &str = "write what is out of date: a function (`g`), one of its entries (`f(expr…)`), a method of all instances (`Type::m`); on a method, nothing for all caches of the instance, or the names of its methods. What has a tag goes by `lruheap::invalidate_tag(\"courses\")` in the body";

fn usage(error: &syn::Error) -> syn::Error {
    syn::Error::new(error.span(), USAGE)
}

impl Targets {
    /// Reads them. Where there is an instance, a name alone is that of a method.
    pub(super) fn read(tokens: TokenStream, of_method: bool, errors: &mut Errors) -> Self {
        let mut targets = Targets {
            own: Vec::new(),
            others: Vec::new(),
            always: false,
            krate: quote!(::lruheap),
        };
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                targets.read_one(input, of_method, errors)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>().map_err(|error| usage(&error))?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.push(error);
        }
        targets
    }

    fn read_one(
        &mut self,
        input: ParseStream<'_>,
        of_method: bool,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            let path = input.call(Path::parse_mod_style).map_err(|error| {
                let message = "`crate` is the path of lruheap: `crate = some::path`";
                syn::Error::new(error.span(), message)
            })?;
            self.krate = path.to_token_stream();
            return Ok(());
        }
        // As an expression has it: `f::<T>`.
        let path: ExprPath = input.parse().map_err(|error| usage(&error))?;
        let ExprPath {
            qself: None, path, ..
        } = path
        else {
            return Err(syn::Error::new_spanned(path, USAGE));
        };
        let mut arguments = None;
        if input.peek(syn::token::Paren) {
            let list;
            syn::parenthesized!(list in input);
            arguments = Some(Punctuated::parse_terminated(&list)?);
        }
        if of_method && arguments.is_some() && path.get_ident().is_some() {
            let message = "of an instance's caches only the methods can be named (`sum`), not their entries; a function is named by a path (`self::f(expr…)`)";
            return Err(syn::Error::new_spanned(&path, message));
        }
        match (path.get_ident(), &arguments) {
            (Some(word), None) if word == "always" => self.always = true,
            (Some(name), None) if of_method => {
                if self.own.contains(name) {
                    errors.at(
                        name,
                        format!("`{name}` is named twice: leave one of the two out"),
                    );
                } else {
                    self.own.push(name.clone());
                }
            }
            _ => self.others.push(Other { path, arguments }),
        }
        Ok(())
    }

    /// `::lruheap::__private`
    pub(super) fn private(&self) -> TokenStream {
        let krate = &self.krate;
        quote!(#krate::__private)
    }

    /// The guards of what is out of date however the body ends, each in a variable
    /// of its own: they borrow nothing, so that the body has `self` to itself.
    pub(super) fn guards(&self, this: &TokenStream) -> TokenStream {
        let guards = self.own.iter().enumerate().map(|(index, name)| {
            let guard = local(&format!("stale{index}"));
            let span = generated(name.span());
            let behind = behind(&name.unraw().to_string(), span);
            quote_spanned!(span=> let #guard = Self::#behind().stale(#this);)
        });
        guards.collect()
    }

    fn arguments(&self) -> impl Iterator<Item = TokenStream> {
        let others = self.others.iter();
        others
            .filter_map(|other| other.arguments.as_ref())
            .map(ToTokens::to_token_stream)
    }

    /// Whether the arguments may borrow from the parameters: they do more than name
    /// them and their fields.
    pub(super) fn may_borrow(&self) -> bool {
        self.arguments().any(|arguments| {
            arguments.into_iter().any(|token| match token {
                TokenTree::Group(_) => true,
                TokenTree::Punct(punct) => punct.as_char() == '&',
                _ => false,
            })
        })
    }

    /// Whether the arguments speak of a parameter.
    pub(super) fn mention(&self, parameter: &Ident) -> bool {
        self.arguments()
            .any(|arguments| mentions(arguments, parameter))
    }

    /// The arguments of the entries, taken as they are when the function is called;
    /// and what drops all that is named of other functions.
    pub(super) fn removal(&self) -> (TokenStream, TokenStream) {
        let (mut taken, mut removal) = (TokenStream::new(), TokenStream::new());
        for (index, other) in self.others.iter().enumerate() {
            let (take, remove) = other.removal(index);
            taken.extend(take);
            removal.extend(remove);
        }
        (taken, removal)
    }
}

impl Other {
    fn removal(&self, index: usize) -> (TokenStream, TokenStream) {
        let path = respan(self.path.to_token_stream());
        let span = generated(self.path.span());
        let Some(arguments) = &self.arguments else {
            let clear = match self.as_method("caches") {
                Some(caches) => quote_spanned!(span=> #caches().cache_clear();),
                None => quote_spanned!(span=> #path::cache_clear();),
            };
            return (TokenStream::new(), clear);
        };
        let names: Vec<Ident> = (0..arguments.len())
            .map(|place| local(&format!("argument{index}_{place}")))
            .collect();
        let expressions = arguments.iter();
        let taken = quote!(#(let #names = #expressions;)*);
        let remove = match self.as_method("cache") {
            Some(cache) => quote_spanned!(span=> #cache().cache_remove((#(#names,)*));),
            None => quote_spanned!(span=> #path::cache_remove(#(#names),*);),
        };
        (taken, remove)
    }

    /// `Type::m_caches`, where it is a path to a method: types begin with a capital.
    fn as_method(&self, control: &str) -> Option<TokenStream> {
        let mut path = self.path.clone();
        let of = path.segments.iter().rev().nth(1)?;
        let first = of.ident.unraw().to_string().chars().next()?;
        if !first.is_uppercase() {
            return None;
        }
        let last = path.segments.last_mut()?;
        let mut name = format_ident!("{}_{control}", last.ident.unraw());
        name.set_span(last.ident.span());
        last.ident = name;
        Some(respan(path.to_token_stream()))
    }
}
