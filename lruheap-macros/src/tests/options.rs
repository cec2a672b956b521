//! The options one by one, and all their mistakes together.

use std::time::Duration;

use quote::ToTokens;

use super::{lru_cache, messages, tokens};
use crate::error::Errors;
use crate::expand::attribute;
use crate::options::{Companion, Macro, Options, Scope, Value, parse};

/// The options that stand in `text`, which has no mistakes.
fn read(text: &str) -> Options {
    let mut errors = Errors::default();
    let options = parse(Macro::LruCache, tokens(text), &mut errors);
    assert_eq!(
        messages(errors.into_tokens()),
        [""; 0],
        "`{text}` was refused"
    );
    options
}

/// What is said against `text`.
fn mistakes(of: Macro, text: &str) -> Vec<String> {
    let mut errors = Errors::default();
    parse(of, tokens(text), &mut errors);
    messages(errors.into_tokens())
}

#[test]
fn without_options_the_defaults_hold() {
    for text in [
        "",
        "maxsize = 128",
        "ttl = None, policy = lru, scope = process",
        "coalesce = true, xfetch = false, stale = None, stale_if_error = None",
    ] {
        let options = read(text);
        assert!(matches!(&options.maxsize, Some(Value::Known(n)) if n.to_string() == "128"));
        assert!(options.ttl.is_none() && options.typed.is_none() && options.cache_if.is_none());
        assert!(options.scope == Scope::Process && !options.cache_err);
        assert!(options.drop_none.is_none() && options.name.is_none());
        assert!(options.coalesce && options.tags.is_none() && options.xfetch.is_none());
        assert!(options.stale.is_none() && options.stale_if_error.is_none());
        assert!(matches!(options.companion, Companion::Named(None)));
        assert_eq!(options.krate.to_string(), ":: lruheap");
    }
    let cache = parse(Macro::Cache, tokens(""), &mut Errors::default());
    assert!(cache.maxsize.is_none(), "`#[cache]` has no bound");
}

#[test]
fn maxsize_is_a_number_none_or_an_expression() {
    for (text, expected) in [
        ("maxsize = 0", "0"),
        ("maxsize = 1_000", "1_000"),
        ("maxsize = 0x10usize", "0x10usize"),
        ("maxsize = 18446744073709551615", "18446744073709551615"),
        ("maxsize = (8)", "8"),
    ] {
        let options = read(text);
        assert!(matches!(options.maxsize, Some(Value::Known(n)) if n.to_string() == expected));
    }
    assert!(read("maxsize = None").maxsize.is_none());
    for (text, expected) in [("maxsize = SIZE", "SIZE"), ("maxsize = 2 * N", "2 * N")] {
        let options = read(text);
        assert!(matches!(options.maxsize, Some(Value::Expression(e)) if e.to_string() == expected));
    }
}

#[test]
fn ttl_is_seconds_a_text_none_or_an_expression() {
    for (text, expected) in [
        ("ttl = 60", Duration::from_secs(60)),
        ("ttl = 0.25", Duration::from_millis(250)),
        ("ttl = 1e3", Duration::from_secs(1_000)),
        ("ttl = 1_000", Duration::from_secs(1_000)),
        (r#"ttl = "2h5m""#, Duration::from_secs(7_500)),
        (r#"ttl = "1d 12h""#, Duration::from_secs(129_600)),
        (r#"ttl = "3ns""#, Duration::from_nanos(3)),
    ] {
        let options = read(text);
        assert!(
            matches!(options.ttl, Some(Value::Known((ttl, _))) if ttl == expected),
            "{text}"
        );
    }
    assert!(read("ttl = None").ttl.is_none());
    let options = read("ttl = Duration::from_secs(DAY)");
    assert!(matches!(options.ttl, Some(Value::Expression(_))));
}

#[test]
fn the_other_options_take_their_values() {
    assert_eq!(read("typed = true").typed, Some(true));
    assert_eq!(read("typed = false").typed, Some(false));
    assert!(read("scope = thread").scope == Scope::Thread);
    assert!(read("cache_err = true").cache_err && !read("cache_err = false").cache_err);
    assert!(read("cache_none = false").drop_none.is_some());
    assert!(read("cache_none = true").drop_none.is_none());
    for text in [
        "cache_if = |value| *value > 0",
        "cache_if = is_good",
        "cache_if = a::b",
    ] {
        assert!(read(text).cache_if.is_some(), "{text}");
    }
    for text in [
        r#"name = "rates""#,
        "name = NAME",
        r#"name = concat!("a", "b")"#,
    ] {
        assert!(read(text).name.is_some(), "{text}");
    }
    assert!(matches!(
        read("companion = none").companion,
        Companion::None
    ));
    let named = read("companion = rates_cache").companion;
    assert!(matches!(named, Companion::Named(Some(name)) if name == "rates_cache"));
    assert_eq!(read("crate = some::path").krate.to_string(), "some :: path");
    assert_eq!(read("crate = ::some").krate.to_string(), ":: some");
}

#[test]
fn what_happens_near_the_end_and_beyond_it_needs_a_ttl() {
    for (text, expected) in [
        ("xfetch = true", 1.0),
        ("xfetch = 2", 2.0),
        ("xfetch = 0.5", 0.5),
        ("xfetch = 1_0.5f64", 10.5),
        ("xfetch = 2f64", 2.0),
    ] {
        let options = read(&format!("{text}, ttl = 60"));
        assert!(
            matches!(options.xfetch, Some(Value::Known((beta, _))) if f64::abs(beta - expected) < 1e-9),
            "{text}"
        );
    }
    let options = read("ttl_with = lifetime, xfetch = 2.0 * BETA, stale = \"1m\"");
    assert!(matches!(options.xfetch, Some(Value::Expression(_))));
    let minute = Duration::from_secs(60);
    assert!(matches!(options.stale, Some(Value::Known((stale, _))) if stale == minute));
    let options = read("ttl = TTL, stale_if_error = 2 * TTL");
    assert!(matches!(options.stale_if_error, Some(Value::Expression(_))));
}

#[test]
fn tags_are_a_list_of_expressions() {
    for (text, expected) in [
        (r#"tags("courses")"#, 1),
        (r#"tags(format!("course:{id}"), "courses",)"#, 2),
        ("tags(TAG, { let tag = id; tag }, (&name))", 3),
    ] {
        let tags = read(text).tags.expect("there are tags");
        assert_eq!(
            (tags.tags.len(), tags.name == "tags"),
            (expected, true),
            "{text}"
        );
    }
}

#[test]
fn what_a_function_can_t_have_is_refused() {
    for (options, item, fix) in [
        (
            "ttl = 1, stale_if_error = 5",
            "fn f(x: u8) -> u8 { x }",
            Some("leave the option out"),
        ),
        (
            "ttl = 1, stale_if_error = 5",
            "fn f(x: u8) {}",
            Some("leave the option out"),
        ),
        (
            "ttl = 1, stale_if_error = 5",
            "fn f(x: u8) -> Answer { x }",
            None,
        ),
        (
            "tags(self.name)",
            "fn f(self: &Rc<Self>) -> u8 { 1 }",
            Some("take `self: &Arc<Self>`"),
        ),
        (
            "scope = thread, tags(self.name)",
            "fn f(self: &Rc<Self>) -> u8 { 1 }",
            Some("or `scope = thread`"),
        ),
        (
            "tags(self.name)",
            "fn f(#[key(self.id)] self: &Rc<Self>) -> u8 { 1 }",
            None,
        ),
        (
            "tags(a.name())",
            "fn f((a, _): (A, B)) -> u8 { 1 }",
            Some("take it apart in the body"),
        ),
        (
            r#"tags(format!("{a:?}"))"#,
            "fn f(S { x: [a, ..], .. }: S) -> u8 { 1 }",
            Some("take it apart in the body"),
        ),
        (
            r#"tags(b.a, a::B, S { a: 1 }.c, format!("{{a}}"))"#,
            "fn f((a, _): (A, B), b: B) -> u8 { 1 }",
            None,
        ),
    ] {
        let found = messages(lru_cache(options, item));
        assert_eq!(
            found.len(),
            usize::from(fix.is_some()),
            "`{options}`: {found:?}"
        );
        if let Some(fix) = fix {
            assert!(found[0].contains(fix), "`{options}`: {found:?}");
        }
    }
}

#[test]
fn any_order_and_a_last_comma_are_fine() {
    let options = read("ttl = 60, cache_err = true, maxsize = None,");
    assert!(options.maxsize.is_none() && options.ttl.is_some() && options.cache_err);
}

/// Each of these has one mistake, and is told the fix.
fn are_refused(cases: &[(&str, &str)]) {
    for (text, fix) in cases {
        let found = mistakes(Macro::LruCache, text);
        assert_eq!(found.len(), 1, "`{text}`: {found:?}");
        assert!(
            found[0].contains(fix),
            "`{text}`: {found:?} does not speak of `{fix}`"
        );
    }
}

#[test]
fn each_wrong_value_is_one_mistake_that_says_the_fix() {
    are_refused(&[
        ("maxsize", "maxsize = 128"),
        ("maxsize =", "needs a value"),
        ("maxsize(128)", "maxsize = 128"),
        ("maxsize = -1", "`None` is without a bound"),
        ("maxsize = 1.5", "whole number"),
        ("maxsize = 1u8", "leave the suffix out"),
        ("maxsize = 99999999999999999999", "beyond `usize`"),
        ("maxsize = Some(1)", "maxsize = 128"),
        (r#"maxsize = "128""#, "maxsize = 128"),
        ("maxsize = || 1", "not a closure"),
        ("128", "maxsize = 128"),
        ("-1", "maxsize = 128"),
        ("ttl", "ttl = 60"),
        ("ttl = 0", "`None` is without one"),
        ("ttl = 0.0", "`None` is without one"),
        (r#"ttl = "0s""#, "`None` is without one"),
        ("ttl = -1", "`None` is without one"),
        ("ttl = 60u64", "without a suffix"),
        ("ttl = 60s", "without a suffix"),
        ("ttl = 1e300", "`None` is without a limit"),
        ("ttl = 99999999999999999999", "`None` is without a limit"),
        (r#"ttl = "60""#, "with units"),
        (r#"ttl = """#, "with units"),
        (r#"ttl = "1y""#, "with units"),
        ("ttl = Some(60)", "`60`"),
        ("ttl = true", "`60`"),
        ("ttl = || 1", "`60`"),
        ("typed = 1", "`true` or `false`"),
        (r#"cache_err = "true""#, "`true` or `false`"),
        ("cache_none", "cache_none = false"),
        ("cache_none = None", "`true` or `false`"),
        ("policy = lfu", "`lru`"),
        (r#"policy = "lru""#, "policy = lru"),
        ("scope = global", "`thread`"),
        (r#"scope = "thread""#, "`thread`"),
        ("cache_if = true", "|value|"),
        ("cache_if = || true", "|value|"),
        ("cache_if = |a, b| true", "|value|"),
        (r#"companion = "name""#, "`none`"),
        (r#"crate = "lruheap""#, "crate = some::path"),
        ("crate = 1 + 1", "crate = some::path"),
        ("maxsize = 1 2", "commas"),
        ("maxsize = 1; ttl = 2", "commas"),
        ("= 1", "name of an option"),
        (",", "name of an option"),
        ("ttl = 60, ttl = 61", "given twice"),
        ("maxsize = 1, r#maxsize = 2", "given twice"),
    ]);
    let bound = mistakes(Macro::Cache, "maxsize = 1");
    assert!(
        bound.len() == 1 && bound[0].contains("#[lru_cache(maxsize = …)]"),
        "{bound:?}"
    );
}

#[test]
fn each_wrong_value_of_a_later_option_as_well() {
    are_refused(&[
        ("coalesce", "coalesce = false"),
        ("coalesce = 1", "`true` or `false`"),
        ("ttl = 1, xfetch", "xfetch = true"),
        ("ttl = 1, xfetch = 0", "`xfetch = false` is without"),
        ("ttl = 1, xfetch = 0.0", "`xfetch = false` is without"),
        ("ttl = 1, xfetch = -1", "`xfetch = false` is without"),
        ("ttl = 1, xfetch = -BETA", "`xfetch = false` is without"),
        ("ttl = 1, xfetch = 1e999", "beyond `f64`"),
        ("ttl = 1, xfetch = 1.0f32", "leave the suffix out"),
        ("ttl = 1, xfetch = 1u8", "leave the suffix out"),
        ("ttl = 1, xfetch = None", "`false`"),
        ("ttl = 1, xfetch = Some(1.0)", "`false`"),
        (r#"ttl = 1, xfetch = "1""#, "xfetch = 2.0"),
        ("ttl = 1, stale", "stale = 60"),
        ("ttl = 1, stale = 0", "leave the option out"),
        ("ttl = 1, stale = Duration::ZERO", "leave the option out"),
        ("ttl = 1, stale = -1", "`None` is without one"),
        ("ttl = 1, stale_if_error = true", "`60`"),
        (r#"ttl = 1, stale_if_error = "5""#, "with units"),
        ("tags", r#"tags("courses", …)"#),
        ("tags()", r#"tags("courses", …)"#),
        ("tags =", "needs a value"),
        (r#"tags = "a""#, r#"tags("courses", …)"#),
        ("tags = [\"a\"]", r#"tags("courses", …)"#),
        ("tags[\"a\"]", r#"tags("courses", …)"#),
        ("tags(a b)", "commas between them"),
        ("tags(,)", "commas between them"),
        ("tags(5)", "a tag is a string"),
        (r#"tags("a"), tags("b")"#, "given twice"),
        ("shared = true", "this option is a list: `shared(ttl = 300"),
        (
            "once = at_most_once",
            "there is no option `once`: it is `shared(once = at_most_once)`",
        ),
        (
            "namespace = \"shop\"",
            "there is no option `namespace`: it is `shared(",
        ),
    ]);
}

#[test]
fn contradictions_are_one_mistake_each() {
    are_refused(&[
        // No ttl to speak of.
        ("xfetch = true", "write `ttl = 60` as well"),
        ("xfetch = BETA, tti = 5", "write `ttl = 60` as well"),
        ("stale = 5", "write `ttl = 60` as well"),
        ("stale = 5, ttl = None", "write `ttl = 60` as well"),
        ("stale_if_error = GRACE", "write `ttl = 60` as well"),
        (
            "stale_if_error = 5, cache_err = true",
            "leave one of the two out",
        ),
        (
            "ttl = 1, stale_if_error = 5, cache_err = true",
            "leave one of the two out",
        ),
        (r#"tags("a"), scope = thread"#, "or `scope = thread`"),
        // What was meant for one is no reason for a second message.
        ("ttl = 0, stale = 5", "`None` is without one"),
        ("ttl =, xfetch = true", "needs a value"),
        ("tll = 60, stale = 5", "did you mean `ttl`"),
        ("expire = 60, stale_if_error = 5", "it is `ttl`"),
        ("ttl_with = 5, xfetch = true", "|value|"),
        (
            "stale = 5, ttl = 1, ttl_with = |v| D",
            "leave one of the two out",
        ),
    ]);
}

#[cfg(not(feature = "shared"))]
#[test]
fn sharing_is_behind_a_feature() {
    for text in [
        "shared",
        "shared()",
        "shared(ttl = 300)",
        "shared(tll = 0, 7)",
        "shared, scope = thread",
    ] {
        are_refused(&[(text, r#"features = ["shared"]"#)]);
        let expansion = lru_cache(text, "fn f(x: u64) -> u64 { x }");
        assert_eq!(messages(expansion).len(), 1, "{text}");
    }
}

#[cfg(feature = "shared")]
mod sharing {
    use super::*;

    #[test]
    fn its_options_take_their_values() {
        for text in ["shared", "shared()", "shared(once = at_least_once)"] {
            let shared = read(text).shared.expect("it is shared");
            assert!(shared.name == "shared" && shared.ttl.is_none(), "{text}");
            assert!(shared.namespace.is_none() && shared.version.is_none());
            assert!(shared.at_most_once.is_none());
        }
        let text = r#"shared(ttl = "5m", namespace = "shop", version = 2, once = at_most_once,)"#;
        let shared = read(text).shared.expect("it is shared");
        let five = Duration::from_secs(300);
        assert!(matches!(shared.ttl, Some(Value::Known((ttl, _))) if ttl == five));
        assert!(shared.namespace.is_some() && shared.version.is_some());
        assert!(shared.at_most_once.is_some());
        let text = "shared(ttl = TTL, namespace = concat!(\"a\", \"b\"), version = VERSION + 1)";
        let shared = read(text).shared.expect("it is shared");
        assert!(matches!(shared.ttl, Some(Value::Expression(_))));
        assert!(shared.namespace.is_some() && shared.version.is_some());
        assert!(read("maxsize = 3").shared.is_none());
    }

    #[test]
    fn each_wrong_value_is_one_mistake_that_says_the_fix() {
        are_refused(&[
            ("shared =", "needs a value"),
            (
                "shared[ttl = 1]",
                "this option is a list: `shared(ttl = 300",
            ),
            ("shared, shared", "given twice"),
            ("shared(tll = 1)", "did you mean `ttl`?"),
            ("shared(vresion = 1)", "did you mean `version`?"),
            (
                "shared(elephant = 1)",
                "there are ttl, namespace, version, once",
            ),
            ("shared(ttl = 1, ttl = 2)", "given twice"),
            ("shared(ttl)", "`ttl = 300`"),
            ("shared(ttl =)", "needs a value"),
            ("shared(ttl(300))", "`ttl = 300`"),
            ("shared(namespace)", r#"`namespace = "shop"`"#),
            ("shared(version)", "`version = 1`"),
            ("shared(once)", "`once = at_most_once`"),
            ("shared(ttl = 0)", "`None` is without one"),
            ("shared(ttl = -1)", "`None` is without one"),
            (r#"shared(ttl = "1y")"#, "with units"),
            ("shared(namespace = 3)", "is a text"),
            ("shared(namespace = b\"shop\")", "is a text"),
            (r#"shared(version = "x")"#, "whole number"),
            ("shared(version = 1.5)", "whole number"),
            ("shared(version = -1)", "whole number"),
            ("shared(version = 99999999999999999999)", "whole number"),
            ("shared(once = twice)", "`at_least_once` or `at_most_once`"),
            ("shared(once = true)", "`at_least_once` or `at_most_once`"),
            ("shared(300)", "have names"),
            ("shared(ttl = 1 version = 2)", "commas stand between them"),
            ("shared(ttl = 1; version = 2)", "commas stand between them"),
            ("shared(,)", "name of an option"),
        ]);
        let found = mistakes(Macro::LruCache, "shared(tll = 1, version = -1, once = 2)");
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn what_is_of_one_thread_or_loose_is_not_shared() {
        are_refused(&[
            ("shared, scope = thread", "leave one of the two out"),
            ("shared, typed = false", "leave it out, or `shared`"),
            (
                "shared(once = at_most_once), coalesce = false",
                "leave one of the two out",
            ),
        ]);
        read("shared, typed = true, scope = process");
    }

    #[test]
    fn what_a_function_can_t_share_is_refused_once() {
        let shared = "shared(ttl = 300)";
        let once = "shared(once = at_most_once)";
        for (options, item, fix) in [
            (shared, "fn f(&self) -> u8 { 1 }", Some("is for functions")),
            (
                shared,
                "fn f(x: Self) -> u8 { 1 }",
                Some("put `#[lru_cache]` on the block as well"),
            ),
            (
                "",
                "impl S { #[lru_cache(shared)] fn f(x: u8) -> u8 { 1 } }",
                Some("outside of an `impl`"),
            ),
            (
                shared,
                "#[track_caller] fn f() -> u8 { 1 }",
                Some("leave out `#[track_caller]`"),
            ),
            (
                shared,
                "fn f(x: impl A) -> u8 { 1 }",
                Some("write a type parameter"),
            ),
            (
                shared,
                "fn f(x: &impl A) -> u8 { 1 }",
                Some("write a type parameter"),
            ),
            (shared, "fn f(#[key(x.a())] x: impl A) -> u8 { 1 }", None),
            (shared, "fn f(#[key(skip)] x: impl A) -> u8 { 1 }", None),
            (
                once,
                "fn f() -> u8 { 1 }",
                Some("for functions that return `Result<T, E>`"),
            ),
            (
                once,
                "fn f() { }",
                Some("for functions that return `Result<T, E>`"),
            ),
            (once, "fn f() -> Result<u8, E> { Ok(1) }", None),
            (
                "cache_err = true, shared(once = at_most_once)",
                "fn f() -> Result<u8, E> { Ok(1) }",
                Some("without `cache_err`"),
            ),
        ] {
            let found = messages(lru_cache(options, item));
            let expected = usize::from(fix.is_some());
            assert_eq!(found.len(), expected, "`{item}`: {found:?}");
            if let Some(fix) = fix {
                assert!(found[0].contains(fix), "`{item}`: {found:?}");
            }
        }
    }
}

#[test]
fn a_misspelt_option_is_told_its_name() {
    for (misspelt, known) in [
        ("max_size", "maxsize"),
        ("maxSize", "maxsize"),
        ("tll", "ttl"),
        ("type", "typed"),
        ("scop", "scope"),
        ("cache_er", "cache_err"),
        ("cach_if", "cache_if"),
        ("companian", "companion"),
        ("polcy", "policy"),
    ] {
        let found = mistakes(Macro::LruCache, &format!("{misspelt} = 1"));
        let hint = format!("did you mean `{known}`?");
        assert!(
            found.len() == 1 && found[0].contains(&hint),
            "`{misspelt}`: {found:?}"
        );
    }
    for (theirs, told) in [
        ("capacity", "it is `maxsize`"),
        ("expire", "it is `ttl`"),
        ("coalesc", "did you mean `coalesce`?"),
        ("single_flight", "it is `coalesce`"),
        ("beta", "it is `xfetch`"),
        ("stale_while_revalidate", "it is `stale`"),
        ("grace", "it is `stale`"),
        ("tag", "it is `tags(\"courses\", …)`"),
        ("groups", "it is `tags(\"courses\", …)`"),
        ("share", "did you mean `shared`?"),
        ("redis", "it is `shared(ttl = 300"),
    ] {
        let found = mistakes(Macro::LruCache, &format!("{theirs} = 1"));
        assert!(found.len() == 1 && found[0].contains(told), "{found:?}");
    }
    let found = mistakes(Macro::LruCache, "elephant = 1");
    assert!(
        found.len() == 1 && found[0].contains("the options are maxsize, ttl"),
        "{found:?}"
    );
}

#[test]
fn all_mistakes_are_reported_together() {
    let options = "maxsize = -1, tll = 5, ttl = 0, scope = global, typed = 1, cache_if = true, \
                   typed = true, 7, policy = lfu, crate = 1, companion = 2,";
    assert_eq!(mistakes(Macro::LruCache, options).len(), 11);

    let item = "const fn f(a: &mut u8, #[key] b: u8, #[key(skip)] #[key(skip)] c: u8) \
                -> impl Sized { a }";
    let found = messages(lru_cache("maxsize = -1, tll = 5", item));
    assert_eq!(found.len(), 2 + 2 + 3, "{found:#?}");
}

#[test]
fn a_wrong_option_leaves_the_function_memoized() {
    let expansion = lru_cache("maxsize = -1", "fn f(x: u64) -> u64 { x }");
    assert_eq!(messages(expansion.clone()).len(), 1);
    let sound = lru_cache("", "fn f(x: u64) -> u64 { x }");
    assert!(expansion.to_string().ends_with(&sound.to_string()));
}

#[test]
fn what_is_refused_stays_as_it_was_written() {
    for item in [
        "const fn f(x: u64) -> u64 { x }",
        "fn f(self) -> u64 { 1 }",
        "fn f(&mut self) -> u64 { 1 }",
        "fn f(x: &mut u64) -> u64 { *x }",
        "fn f(x: Foo<'_>) -> u64 { 1 }",
        "fn f(x: u64) -> ! { panic!() }",
        "fn f(x: u64) -> impl Sized { x }",
        "fn f<'a>(x: &'a str) -> &'a str { x }",
        "fn f() -> Self { todo!() }",
        "unsafe extern \"C\" fn f(x: u64, ...) -> u64 { x }",
        "fn u64(x: u8) -> u8 { x }",
        "fn f(#[cfg(a)] x: u64) -> u64 { x }",
        "struct S { x: u64 }",
        "impl S { fn f(&self) -> u64 { 1 } }",
        "trait T { fn f(&self) -> u64 { 1 } }",
        "const C: u64 = 1;",
        "static S: u64 = 1;",
        "type T = u64;",
        "enum E { A }",
        "mod m { fn f() {} }",
        "use a::b;",
    ] {
        for of in [Macro::LruCache, Macro::Cache] {
            let expansion = attribute(of, tokens("ttl = 60"), tokens(item));
            let found = messages(expansion.clone());
            assert_eq!(found.len(), 1, "`{item}`: {found:#?}");
            assert!(found[0].len() > 30, "`{item}`: {found:?} says no fix");
            let file: syn::File = syn::parse2(expansion).expect("a refusal is Rust");
            let original: syn::Item = syn::parse2(tokens(item)).expect("an item is Rust");
            let original = original.to_token_stream().to_string();
            let mut kept = file
                .items
                .iter()
                .map(|kept| kept.to_token_stream().to_string());
            assert!(kept.any(|kept| kept == original), "`{item}` is gone");
        }
    }
}
