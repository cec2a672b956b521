//! The macros from the inside: what they write, what they refuse, and that
//! nothing makes them panic.

mod fuzz;
mod options;
mod snapshot;

use proc_macro2::{TokenStream, TokenTree};

use crate::expand::attribute;
use crate::options::Macro;

/// What `#[lru_cache(…)]` makes of a function.
fn lru_cache(options: &str, item: &str) -> TokenStream {
    attribute(Macro::LruCache, tokens(options), tokens(item))
}

fn tokens(text: &str) -> TokenStream {
    text.parse()
        .unwrap_or_else(|error| panic!("`{text}` has no tokens: {error}"))
}

/// The messages of all `compile_error!`s in `tokens`, at any depth.
fn messages(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) if ident == "compile_error" => {
                let Some(TokenTree::Group(group)) = tokens.get(index + 2) else {
                    continue;
                };
                let message: syn::Result<syn::LitStr> = syn::parse2(group.stream());
                found.push(message.expect("a `compile_error!` has a text").value());
            }
            TokenTree::Group(group) => found.extend(messages(group.stream())),
            _ => {}
        }
    }
    found
}
