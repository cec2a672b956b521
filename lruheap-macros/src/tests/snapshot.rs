//! What the macro writes for the simplest function, line by line; of one that is
//! awaited and has tags, what is different there; and of two that share their results.

use std::fs;

use proc_macro2::TokenStream;
use quote::ToTokens;

use super::lru_cache;

const KEPT: &str = include_str!("expansion.rs.txt");
const KEPT_ASYNC: &str = include_str!("expansion_async.rs.txt");

#[cfg(feature = "shared")]
const KEPT_SHARED: &str = include_str!("expansion_shared.rs.txt");

/// How long the expansion may be: users build it for each function.
const LINES: usize = 70;

fn expansion() -> String {
    let expansion = lru_cache("maxsize = 128", "fn f(x: u64) -> u64 { x }");
    let file: syn::File = syn::parse2(expansion).expect("the expansion is Rust");
    prettyplease::unparse(&file)
}

/// The function, how its cache is built, and its refresh.
fn expansion_async() -> String {
    let options = r#"maxsize = 128, ttl = 60, xfetch = true, stale = "5m", tags("courses", format!("course:{id}"))"#;
    let function = "async unsafe fn f(id: &str) -> Result<u64, E> { get(id).await }";
    let controls = ["cache", "cache_refresh"];
    expansion_with(lru_cache(options, function), &controls)
}

/// What is different for functions that share: one with tags, and one that is awaited and
/// generic.
#[cfg(feature = "shared")]
fn expansion_shared() -> String {
    let controls = [
        "__tier",
        "__codec",
        "cache",
        "cache_clear",
        "cache_info",
        "cache_insert",
        "cache_refresh",
        "cache_remove",
    ];
    let options = r#"ttl = 60, tags("courses", format!("course:{id}")), shared(ttl = 300, namespace = "shop", version = 2)"#;
    let function = "fn f(id: &str) -> u64 { get(id) }";
    let now = expansion_with(lru_cache(options, function), &controls);
    let options = "shared(once = at_most_once)";
    let function =
        "async fn g<T: Id>(id: T, #[key(x.to_bits())] x: f64) -> Result<u64, E> { get(id).await }";
    let controls = ["__tier", "cache", "cache_refresh"];
    let later = expansion_with(lru_cache(options, function), &controls);
    format!("{now}\n{later}")
}

/// The expansion, of whose controls these are kept.
fn expansion_with(expansion: TokenStream, controls: &[&str]) -> String {
    let mut file: syn::File = syn::parse2(expansion).expect("the expansion is Rust");
    for item in &mut file.items {
        if let syn::Item::Impl(block) = item {
            block.items.retain(|item| match item {
                syn::ImplItem::Fn(control) => {
                    let name = control.sig.ident.to_token_stream().to_string();
                    controls.contains(&&*name)
                }
                _ => true,
            });
        }
    }
    prettyplease::unparse(&file)
}

fn is_as_kept(written: String, kept: &str, file: &str) {
    if std::env::var_os("LRUHEAP_BLESS").is_some() {
        let path = format!("{}/src/tests/{file}", env!("CARGO_MANIFEST_DIR"));
        fs::write(path, written).expect("the expansion can be kept");
        return;
    }
    assert!(
        written == kept,
        "the expansion has changed; if that is meant, \
         `LRUHEAP_BLESS=1 cargo test -p lruheap-macros --all-features snapshot` keeps the new one. It is now:\n{written}"
    );
}

#[test]
fn the_expansion_is_as_kept() {
    is_as_kept(expansion(), KEPT, "expansion.rs.txt");
}

#[test]
fn the_expansion_of_an_async_function_with_tags_is_as_kept() {
    is_as_kept(expansion_async(), KEPT_ASYNC, "expansion_async.rs.txt");
}

#[cfg(feature = "shared")]
#[test]
fn the_expansion_of_functions_that_share_is_as_kept() {
    is_as_kept(expansion_shared(), KEPT_SHARED, "expansion_shared.rs.txt");
}

#[test]
fn the_expansion_is_short() {
    let lines = expansion().lines().count();
    assert!(
        lines <= LINES,
        "the expansion has {lines} lines, and {LINES} are enough"
    );
}
