//! What the macro writes for the simplest function, line by line.

use std::fs;

use super::lru_cache;

const KEPT: &str = include_str!("expansion.rs.txt");

/// How long the expansion may be: users build it for each function.
const LINES: usize = 60;

fn expansion() -> String {
    let expansion = lru_cache("maxsize = 128", "fn f(x: u64) -> u64 { x }");
    let file: syn::File = syn::parse2(expansion).expect("the expansion is Rust");
    prettyplease::unparse(&file)
}

#[test]
fn the_expansion_is_as_kept() {
    let written = expansion();
    if std::env::var_os("LRUHEAP_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/expansion.rs.txt");
        fs::write(path, written).expect("the expansion can be kept");
        return;
    }
    assert!(
        written == KEPT,
        "the expansion has changed; if that is meant, \
         `LRUHEAP_BLESS=1 cargo test -p lruheap-macros` keeps the new one. It is now:\n{written}"
    );
}

#[test]
fn the_expansion_is_short() {
    let lines = expansion().lines().count();
    assert!(
        lines <= LINES,
        "the expansion has {lines} lines, and {LINES} are enough"
    );
}
