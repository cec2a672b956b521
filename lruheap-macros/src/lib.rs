//! The procedural macros of [lruheap](https://docs.rs/lruheap): entry points
//! only. Options are read in `options`, the function in `item`; `check` holds
//! every refusal, `expand` writes the code.

mod check;
mod error;
mod expand;
mod item;
mod loose;
mod options;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

use options::Macro;

/// Memoizes a function: calls are answered from an exact LRU cache.
///
/// See the documentation of `lruheap::lru_cache`.
#[proc_macro_attribute]
pub fn lru_cache(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Macro::LruCache, options.into(), item.into()).into()
}

/// Memoizes a function without a bound: `#[lru_cache(maxsize = None)]`.
///
/// See the documentation of `lruheap::cache`.
#[proc_macro_attribute]
pub fn cache(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Macro::Cache, options.into(), item.into()).into()
}

/// Makes a type an argument of functions with `typed = false`.
///
/// See the documentation of `lruheap::LooseKey`.
#[proc_macro_derive(LooseKey, attributes(loose_key))]
pub fn loose_key(item: TokenStream) -> TokenStream {
    loose::derive(item.into()).into()
}
