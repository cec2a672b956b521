//! Misuse is refused with one error for each mistake, at the token at fault,
//! and what is right stays accepted.
//!
//! Each file in `ui/` is named after a behaviour; the `.stderr` beside it is
//! all that the compiler says. `TRYBUILD=overwrite cargo test --all-features --test ui` writes
//! them anew: read the difference before committing it.

#[test]
fn misuse_is_refused_with_the_fix() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
    if cfg!(feature = "shared") {
        cases.compile_fail("tests/ui/shared/*.rs");
    } else {
        cases.compile_fail("tests/ui/without_shared/*.rs");
    }
}
