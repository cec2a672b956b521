//! `#[cache_invalidate]`: a guard at the start of the body, which stays where it
//! is. So it holds for every way out of it, and in the `impl` of a trait as well.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Path, ReturnType, Token};

use crate::check::CLEARS_ITSELF;
use crate::error::Errors;
use crate::expand::behind;
use crate::expand::hygiene::{generated, local, mentions};
use crate::item::{Function, Holding, This, with_statements};

/// Expands the attribute.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::read(options, &mut errors);
    let item = without_groups(item);
    let function = match Function::read(item.clone(), &mut errors) {
        Ok(function) => function,
        Err(error) => {
            errors.push(syn::Error::new(
                error.span(),
                "`#[cache_invalidate]` is for methods that change their instance: put it on a `fn` that takes `&mut self`, or `&self`",
            ));
            return [errors.into_tokens(), item].into_iter().collect();
        }
    };
    for attr in &function.again {
        errors.at(attr, CLEARS_ITSELF);
    }
    let this = host(&function, &mut errors);
    let (Some(this), Some(body)) = (this, &function.body) else {
        return [errors.into_tokens(), item].into_iter().collect();
    };
    let errors = errors.into_tokens();
    // Declared first, the guards go last, when the result is there.
    let body = with_statements(body, &options.guards(&this));
    // All that stands before the body stays as written.
    let mut head: Vec<TokenTree> = item.into_iter().collect();
    head.pop();
    quote!(#errors #(#head)* #body)
}

/// The item without the invisible groups round parts of it, so that its body is
/// its last token.
fn without_groups(item: TokenStream) -> TokenStream {
    let flat = |token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            without_groups(group.stream())
        }
        token => TokenStream::from(token),
    };
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    // Others matter: a type in a group is one type.
    if let Some(last) = tokens.pop() {
        tokens.extend(flat(last));
    }
    tokens.into_iter().collect()
}

/// A reference to the instance.
fn host(function: &Function, errors: &mut Errors) -> Option<TokenStream> {
    if let Some(constness) = &function.sig.constness {
        errors.at(
            constness,
            "a `const fn` can't clear a cache: leave out `const`",
        );
        return None;
    }
    let Some(this) = &function.this else {
        errors.at(
            &function.sig.ident,
            "`#[cache_invalidate]` on a function without `self` is not there yet: clear what is out of date at its end, by the controls of the cache",
        );
        return None;
    };
    if let ReturnType::Type(_, ty) = &function.sig.output {
        if mentions(
            ty.to_token_stream(),
            &Ident::new("Future", Span::call_site()),
        ) {
            errors.at(ty, "what this returns has not run yet when it returns: make the method an `async fn`, or clear the caches at the end of the future, `self.caches.clear()`");
            return None;
        }
    }
    if function.body.is_none() {
        errors.at(&function.sig, "a method needs a body to clear caches at its end: put `#[cache_invalidate]` on those in the `impl`s");
        return None;
    }
    match &this.holding {
        Holding::Counted {
            by_reference: true, ..
        } => Some(instance(this, &quote!(&**))),
        Holding::Reference | Holding::Exclusive | Holding::Counted { .. } => {
            Some(instance(this, &quote!(&*)))
        }
        // The caches may go on in what the method makes of the instance.
        Holding::Value => Some(instance(this, &quote!(&))),
        Holding::Other => {
            errors.at(
                &this.receiver,
                "`#[cache_invalidate]` is for methods that take `&mut self`, `&self` or `self`",
            );
            None
        }
    }
}

fn instance(this: &This, by: &TokenStream) -> TokenStream {
    // The user's own: the guard is made where the user's body is.
    let name = Ident::new("self", this.receiver.self_token.span);
    let span = generated(this.receiver.span());
    quote_spanned!(span=> #by #name)
}

/// What stands in the parentheses.
struct Options {
    methods: Vec<Ident>,
    krate: TokenStream,
}

const USAGE: &str = "write `#[cache_invalidate]` for all caches of the instance, or the names of its memoized methods: `#[cache_invalidate(mean, median)]`";

fn usage(error: &syn::Error) -> syn::Error {
    syn::Error::new(error.span(), USAGE)
}

impl Options {
    fn read(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Options {
            methods: Vec::new(),
            krate: quote!(::lruheap),
        };
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if input.peek(Token![crate]) && input.peek2(Token![=]) {
                    input.parse::<Token![crate]>()?;
                    input.parse::<Token![=]>()?;
                    options.krate = input.call(Path::parse_mod_style)?.to_token_stream();
                } else {
                    let name = input
                        .call(Ident::parse_any)
                        .map_err(|error| usage(&error))?;
                    if input.peek(syn::token::Paren) || input.peek(Token![::]) {
                        let message = format!("only names are there yet: {USAGE}");
                        return Err(syn::Error::new(name.span(), message));
                    }
                    if options.methods.contains(&name) {
                        errors.at(
                            &name,
                            format!("`{name}` is named twice: leave one of the two out"),
                        );
                    } else {
                        options.methods.push(name);
                    }
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>().map_err(|error| usage(&error))?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.push(error);
        }
        options
    }

    /// The guards, each in a variable of its own.
    fn guards(&self, this: &TokenStream) -> TokenStream {
        let private = {
            let krate = &self.krate;
            quote!(#krate::__private)
        };
        if self.methods.is_empty() {
            let span = this
                .clone()
                .into_iter()
                .next()
                .map_or_else(Span::call_site, |token| token.span());
            let (guard, private) = (local("stale"), crate::expand::hygiene::at(span, &private));
            return quote_spanned!(span=> let #guard = #private::stale(#this););
        }
        let guards = self.methods.iter().enumerate().map(|(index, name)| {
            let guard = local(&format!("stale{index}"));
            let span = generated(name.span());
            let behind = behind(&name.unraw().to_string(), span);
            quote_spanned!(span=> let #guard = Self::#behind().stale(#this);)
        });
        guards.collect()
    }
}
