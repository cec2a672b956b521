//! `#[lru_cache]` on an `impl` block: each method with an attribute of its own is
//! expanded, knowing the block; the rest stays as it is.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Meta};

use super::one;
use crate::block::{Block, Item};
use crate::error::Errors;
use crate::item::{Function, is_ours};
use crate::options::{self, Macro};

/// Expands the block.
pub(super) fn write(of: Macro, options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut wrong_options = Errors::default();
    let krate = options::of_block(options, &mut wrong_options);
    let block: Block = match syn::parse2(item.clone()) {
        Ok(block) => block,
        Err(error) => {
            errors.push(error);
            let item = without_ours(item);
            return [errors.into_tokens(), item].into_iter().collect();
        }
    };
    let is_memoized = |item: &Item| matches!(item, Item::Memoized { .. });
    if !block.items.iter().any(is_memoized) {
        let name = match of {
            Macro::LruCache => "lru_cache",
            Macro::Cache => "cache",
        };
        errors.at(
            &block.ty,
            format!("no method of this block is memoized: put `#[{name}]` on those that are to be, with their options"),
        );
        return [errors.into_tokens(), block.with(&plain_items(&block))]
            .into_iter()
            .collect();
    }
    errors.append(wrong_options);
    if let Some((tokens, message)) = block.without_place_for_controls() {
        errors.at(tokens, message);
        return [errors.into_tokens(), block.with(&plain_items(&block))]
            .into_iter()
            .collect();
    }
    let (mut items, mut beside) = (TokenStream::new(), TokenStream::new());
    for item in &block.items {
        match item {
            Item::Other(tokens) => items.extend(tokens.clone()),
            Item::Memoized { attribute, method } => {
                let (of, options) = read(attribute, krate.as_ref());
                let options = block.outside(options);
                let method = block.outside(method.clone());
                let expansion = one(of, options, method, Some(&block), &mut errors);
                items.extend(expansion.item);
                beside.extend(expansion.beside);
            }
        }
    }
    let (errors, uses) = (errors.into_tokens(), uses(&block, of));
    if block.of.is_none() {
        items.extend(beside);
        let block = block.with(&items);
        return quote!(#errors #block #uses);
    }
    let (head, lints) = (block.inherent_head(), block.lints());
    let block = block.with(&items);
    quote! {
        #errors
        #block
        #lints
        #head { #beside }
        #uses
    }
}

/// Uses of the attributes that are on methods only, and never reach the compiler:
/// it would say that their imports are unused.
fn uses(block: &Block, of: Macro) -> TokenStream {
    let mut paths: Vec<TokenStream> = Vec::new();
    for item in &block.items {
        let Item::Memoized { attribute, .. } = item else {
            continue;
        };
        if read(attribute, None).0 == of {
            continue;
        }
        let path = attribute.path().to_token_stream();
        let is_known = |known: &TokenStream| known.to_string() == path.to_string();
        if !paths.iter().any(is_known) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return TokenStream::new();
    }
    quote! {
        const _: () = {
            #(#[allow(unused_imports)] use #paths as _;)*
        };
    }
}

/// The block's tokens without our attributes, which would have more to complain of.
fn without_ours(item: TokenStream) -> TokenStream {
    let parser = |input: ParseStream<'_>| {
        let mut kept = TokenStream::new();
        while !input.is_empty() {
            let ahead = input.fork();
            match ahead.call(Attribute::parse_outer) {
                Ok(attrs) if !attrs.is_empty() => {
                    input.call(Attribute::parse_outer)?;
                    let others = attrs.iter().filter(|attr| !is_ours(attr));
                    kept.extend(others.map(ToTokens::to_token_stream));
                }
                _ => kept.extend([match input.parse()? {
                    TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                        let inner = without_ours(group.stream());
                        let mut kept = Group::new(group.delimiter(), inner);
                        kept.set_span(group.span());
                        TokenTree::Group(kept)
                    }
                    token => token,
                }]),
            }
        }
        Ok(kept)
    };
    parser.parse2(item.clone()).unwrap_or(item)
}

/// The items as if nothing were memoized.
fn plain_items(block: &Block) -> TokenStream {
    block
        .items
        .iter()
        .map(|item| match item {
            Item::Other(tokens) => tokens.clone(),
            Item::Memoized { method, .. } => {
                // Its attributes are ours, and so are its mistakes.
                let function = Function::read(method.clone(), &mut Errors::default());
                function.map_or_else(|_| method.clone(), |function| function.original())
            }
        })
        .collect()
}

/// Which attribute a method has, and its options.
fn read(attribute: &Attribute, krate: Option<&TokenStream>) -> (Macro, TokenStream) {
    let of = match attribute.path().segments.last() {
        Some(last) if last.ident == "cache" => Macro::Cache,
        _ => Macro::LruCache,
    };
    let options = match &attribute.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        // The options will be refused, with what is wrong.
        Meta::NameValue(meta) => meta.value.to_token_stream(),
    };
    match krate {
        Some(krate) if options.is_empty() => (of, quote!(crate = #krate)),
        Some(krate) => (of, quote!(crate = #krate, #options)),
        None => (of, options),
    }
}
