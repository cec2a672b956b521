//! What the macro writes for the simplest function, line by line.

use std::fs;

use super::lru_cache;

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/expansion.rs.txt");

/// How long the expansion may be: users build it for each function.
const LINES: usize = 60;

#[test]
fn the_expansion_is_as_kept_and_short() {
    let expansion = lru_cache("maxsize = 128", "fn f(x: u64) -> u64 { x }");
    let file: syn::File = syn::parse2(expansion).expect("the expansion is Rust");
    let written = prettyplease::unparse(&file);
    if std::env::var_os("LRUHEAP_BLESS").is_some() {
        fs::write(KEPT, &written).expect("the kept expansion can be written");
    }
    // Read now and not by `include_str!`, so that what was just blessed counts.
    let kept = fs::read_to_string(KEPT).expect("the kept expansion can be read");
    assert!(
        written == kept,
        "the expansion has changed; if that is meant, `LRUHEAP_BLESS=1 cargo test -p lruheap-macros` \
         keeps the new one. It is now:\n{written}"
    );
    let lines = written.lines().count();
    assert!(
        lines <= LINES,
        "the expansion has {lines} lines, and {LINES} are enough"
    );
}
