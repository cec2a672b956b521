//! Memoized functions in a crate that turns every lint on: what the macro
//! writes must not be what they complain of.

#![deny(missing_docs, warnings, clippy::all, clippy::pedantic)]
#![deny(
    deprecated_safe,
    future_incompatible,
    keyword_idents,
    let_underscore,
    nonstandard_style,
    refining_impl_trait,
    rust_2018_compatibility,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    unused
)]
#![deny(
    ambiguous_negative_literals,
    explicit_outlives_requirements,
    ffi_unwind_calls,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_unsafe_on_extern,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![deny(clippy::cargo, clippy::nursery, clippy::missing_docs_in_private_items)]
#![deny(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::clone_on_ref_ptr,
    clippy::expect_used,
    clippy::impl_trait_in_params,
    clippy::indexing_slicing,
    clippy::min_ident_chars,
    clippy::missing_inline_in_public_items,
    clippy::missing_trait_methods,
    clippy::multiple_inherent_impl,
    clippy::panic,
    clippy::partial_pub_fields,
    clippy::same_name_method,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::std_instead_of_core,
    clippy::unreachable,
    clippy::unwrap_in_result,
    clippy::unwrap_used
)]
#![allow(
    clippy::multiple_crate_versions,
    reason = "the dev-dependencies' concern"
)]
#![forbid(unsafe_code)]

pub mod api;
#[cfg(feature = "shared")]
pub mod shared;

/// Twice the same, once computed.
macro_rules! twice {
    ($call:expr, $value:expr) => {
        assert_eq!($call, $value);
        assert_eq!($call, $value);
    };
}

#[test]
fn everything_compiles_without_a_warning_and_works() {
    use api::{
        AddCache, Key, add, aliased, borrowed, divide, double, expectant, generic, later, local,
        longer, loose, nothing, owned, parse, patterns, within,
    };
    use std::path::Path;
    twice!(double(2), 4);
    twice!(borrowed("a", b"b", Path::new("c"), None, &["d"]), 4);
    twice!(parse("7"), Ok(7));
    twice!(generic([1, 2]), "12");
    twice!(loose(1), 7);
    twice!(loose(Key::Full(1)), 7);
    twice!(loose::<Key<'_, u8>>(Key::Named { name: "one" }), 7);
    twice!(loose::<Key<'_, u8>>(Key::Empty), 7);
    twice!(*local(1), 1);
    twice!(longer("a", "bb"), "bb");
    twice!(patterns((1, 2), 3, 4), 7);
    twice!(
        owned([("a".to_owned(), 1)].into(), "b".into(), [1].into()),
        3
    );
    twice!(aliased("7"), Ok(7));
    twice!(divide(4, 2), 2);
    twice!(add(&[0.0], 1.5), 1.5_f64.to_bits());
    twice!(api::str(7), "7");
    twice!(within(7), 7);
    twice!(expectant(7), 7);
    nothing();
    nothing();
    let infos = [
        double::cache_info(),
        borrowed::cache_info(),
        parse::cache_info(),
        generic::<i32, 2>::cache_info(),
        local::cache_info(),
        longer::cache_info(),
        patterns::cache_info(),
        owned::cache_info(),
        aliased::cache_info(),
        divide::cache_info(),
        AddCache::cache_info(),
        within::cache_info(),
        expectant::cache_info(),
        nothing::cache_info(),
    ];
    for info in infos {
        assert_eq!((info.hits, info.misses, info.currsize), (1, 1, 1));
    }
    assert_eq!(loose::<u8>::cache_info().misses, 4);
    assert_eq!(later::cache_peek("a"), None);
}

#[cfg(feature = "shared")]
#[test]
fn what_is_shared_compiles_without_a_warning_and_works() {
    use shared::{catalogue, doubled, generic, later, once, parse, text, within};
    assert_eq!(lruheap::shared::connect("memory:"), Ok(()));
    twice!(doubled(2), 4);
    twice!(catalogue(1, "north"), "everything");
    twice!(parse("7", &["a"], None), Ok(7));
    twice!(once(7, &[0.5]), Ok(2));
    twice!(generic::<u8, 2>((1, 2), vec![3]), Some(1));
    twice!(text(7), "7");
    twice!(within(7), 7);
    let infos = [
        doubled::cache_info(),
        catalogue::cache_info(),
        parse::cache_info(),
        once::cache_info(),
        generic::<u8, 2>::cache_info(),
        within::cache_info(),
    ];
    for info in infos {
        assert_eq!((info.hits, info.misses, info.currsize), (1, 1, 1));
    }
    assert_eq!(later::cache_peek("a".to_owned(), 0.5), None);
}
