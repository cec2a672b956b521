//! What the macro writes for the simplest function, line by line; and of one that is
//! awaited and has tags, what is different there.

use std::fs;

use quote::ToTokens;

use super::lru_cache;

const KEPT: &str = include_str!("expansion.rs.txt");
const KEPT_ASYNC: &str = include_str!("expansion_async.rs.txt");

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
    let expansion = lru_cache(options, function);
    let mut file: syn::File = syn::parse2(expansion).expect("the expansion is Rust");
    for item in &mut file.items {
        if let syn::Item::Impl(block) = item {
            block.items.retain(|item| match item {
                syn::ImplItem::Fn(control) => {
                    let name = control.sig.ident.to_token_stream().to_string();
                    matches!(&*name, "cache" | "cache_refresh")
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
         `LRUHEAP_BLESS=1 cargo test -p lruheap-macros` keeps the new one. It is now:\n{written}"
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

#[test]
fn the_expansion_is_short() {
    let lines = expansion().lines().count();
    assert!(
        lines <= LINES,
        "the expansion has {lines} lines, and {LINES} are enough"
    );
}
