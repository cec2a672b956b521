//! The procedural macros of [lruheap](https://docs.rs/lruheap): entry points
//! only. Options are read in `options`, the function in `item`, the `impl` block in
//! `block`; `check` holds every refusal, `expand` writes the code.

mod block;
mod check;
mod error;
mod expand;
mod host;
mod invalidate;
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

/// Clears an instance's caches when a method that changes it ends.
///
/// See the documentation of `lruheap::cache_invalidate`.
#[proc_macro_attribute]
pub fn cache_invalidate(options: TokenStream, item: TokenStream) -> TokenStream {
    invalidate::expand(options.into(), item.into()).into()
}

/// Gives each instance of a type caches of its own.
///
/// See the documentation of `lruheap::CacheHost`.
#[proc_macro_derive(CacheHost, attributes(cache_host))]
pub fn cache_host(item: TokenStream) -> TokenStream {
    host::derive(item.into()).into()
}

/// Makes a type an argument of functions with `typed = false`.
///
/// See the documentation of `lruheap::LooseKey`.
#[proc_macro_derive(LooseKey, attributes(loose_key))]
pub fn loose_key(item: TokenStream) -> TokenStream {
    loose::derive(item.into()).into()
}
