//! Nonsense by the thousand: the macros never panic, and what they write is
//! Rust, complaints included.
//!
//! `LRUHEAP_FUZZ_SECONDS` says how long; the inputs are the same in each run,
//! and a longer one only sees more of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fastrand::Rng;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::tokens;
use crate::expand::attribute;
use crate::options::Macro;
use crate::{host, invalidate, loose};

const SEED: u64 = 128;
const SECONDS: u64 = 2;

/// What stands in the parentheses of the attribute.
const ATTRIBUTES: &[&str] = &[
    "",
    "maxsize = 128",
    "maxsize = None",
    "maxsize = N * 2 + size_of::<T>()",
    "maxsize = 99999999999999999999, maxsize = -1",
    "maxsize = { let x = 1; x }, ttl = { DAY }",
    "ttl = 60",
    "ttl = 0.25, typed = true",
    r#"ttl = "2h5m", scope = thread"#,
    r#"ttl = "1µs 99999999999w é""#,
    "ttl = Duration::from_secs(60)",
    "ttl = 1e999",
    "typed = false",
    "policy = lru, scope = process",
    "cache_err = true, cache_none = false",
    "cache_if = |value| value.is_some()",
    "cache_if = |&(ref a, _): &(u8, u8)| { return *a > 0; }",
    r#"name = concat!("a", "b"), companion = none"#,
    "companion = other, crate = some::path",
    "crate = ::lruheap::<u8>",
    "crate = self::lruheap, companion = r#fn",
    "companion = Self",
    "companion = crate, crate = crate",
    "companion = _, crate = <T as U>::v",
    "max_size = 1, tll, typd(true), 7, -7, 'a', = = ,,",
    "coalesce, xfetch = 1.0, tags = [\"a\"], stale = 5",
    "coalesce = false, ttl = 60, xfetch = true, stale = \"5m\", stale_if_error = 2 * DAY",
    "ttl = 1, xfetch = 99999999999999999999999999, stale = 1e-9, shared = true",
    "xfetch = BETA, stale = 1, stale_if_error = 1, scope = thread, tags(x)",
    r#"shared(ttl = 300, namespace = "shop", version = 1, once = at_most_once), tags(x)"#,
    "shared, ttl = 5, coalesce = false, cache_if = |v| v.is_ok(), companion = none",
    "shared(ttl = TTL, namespace = { NAME }, version = N + 1, once = at_least_once,), name = X",
    "shared(ttl = 0; once = twice, version = -1, namespace = 3, tll, ttl, 7, ,), shared[]",
    r#"tags("all", format!("x:{x}"), { let y = self.x; y }, |a| a, #[a] b)"#,
    "tags(), tags, tags(a b), tags[x], tags(,), tags(1, 'x', -x, b\"x\", x?)",
    "maxsize(1, 2), ttl[3], name{4}",
    "#[cfg(a)] maxsize = 1; ttl += 2",
    "mean, median, crate = a::b, mean",
    "always, f(x, y.clone()), a::b::<u8>, S::m, Self::n(&x, 1), g(), crate = a",
    r##"name = r#"raw"#, name = b"bytes", name = c"c", name = 'x'"##,
];

/// What the attribute stands on, and what is derived for.
const ITEMS: &[&str] = &[
    "fn f(x: u64) -> u64 { x }",
    "fn f() {}",
    "pub fn f(a: &str, b: &[u8], c: Option<&str>, d: &[&str]) -> String { a.into() }",
    "pub(crate) async fn f(url: &str) -> Result<String, Error> { get(url).await }",
    "unsafe extern \"C\" fn f(x: *const u8) -> u8 { *x }",
    "fn f<T: Clone + Hash, const N: usize>(x: [T; N], y: Vec<T>) -> T where T: Eq { x }",
    "fn f<'a, 'b: 'a, T: 'a + ?Sized>(x: &'a T, y: &'b str) -> Vec<String> { vec![] }",
    "fn f(#[key(skip)] x: f64, #[key(y.to_bits())] y: f64) -> f64 { x + y }",
    "fn f(#[key] x: u8, #[key(skip)] #[key(skip)] y: u8, #[key()] z: u8, #[key = 1] a: u8) {}",
    "fn f(#[key(a b c)] x: u8, #[key(skip, skip)] y: u8, #[cfg(test)] z: u8) {}",
    "fn f((a, b): (u8, u8), [c, ..]: [u8; 4], S { d, .. }: S, _: u8, mut e: u8) -> u8 { a }",
    "fn f(ref x: u8, y @ 1..: u8, &z: &u8) -> u8 { y }",
    "fn f(x: impl Hash + Eq, y: &impl ToString, z: Vec<impl Into<String>>) -> u8 { 1 }",
    "fn f(x: &mut u8, y: &mut str, z: Option<&mut u8>) -> u8 { *x }",
    "fn f(x: Cow<'_, str>, y: Cow<'static, [u8]>, z: &'static str) -> &'static str { z }",
    "fn f(x: &&&&str, y: &(u8, &str), z: (&str, (&[u8], Option<Option<&u8>>))) -> u8 { 1 }",
    "fn f(x: &[&[&[&str]]], y: [&str; 3], z: Vec<Vec<&str>>, a: &Vec<&str>) -> u8 { 1 }",
    "fn f(x: &dyn Fn(u8) -> u8, y: fn(&str) -> &str, z: Box<dyn Any + 'static>) -> u8 { 1 }",
    "fn f(x: <T as Iterator>::Item, y: <u8>::X, z: Foo<Bar<'_>, Baz = &'static u8>) -> u8 { 1 }",
    "fn f(x: dyn A + B, y: Box<dyn A + B>, z: impl A + B, a: &(dyn A + B)) -> u8 { 1 }",
    "fn f(x: !, y: _, z: (), a: (u8), b: m!(u8), c: [u8], d: *mut u8) -> m!() { 1 }",
    "fn f(x: u8) -> Option<u8> { Some(x) }",
    "fn f(x: u8) -> io::Result<Vec<u8>> { Ok(vec![]) }",
    "fn f(x: u8) -> Result<u8, Box<dyn Error>, u8> { Ok(x) }",
    "fn f(x: u8) -> Result { x }",
    "fn f(x: u8) -> impl Iterator<Item = u8> + use<> { once(x) }",
    "fn f(x: u8) -> (u8, Vec<impl Sized>) { x }",
    "fn f(x: u8) -> ! { loop {} }",
    "fn f(x: u8) -> &str { \"\" }",
    "fn f(&self, x: u8) -> u8 { x }",
    "fn f(&'a mut self) -> Self { self }",
    "fn f(self: Arc<Self>, mut self: &Self) -> u8 { 1 }",
    "const unsafe fn f(x: u8, ...) -> u8 { x }",
    "const async fn f(x: u8);",
    "#[inline] #[must_use = \"x\"] #[expect(dead_code)] #[doc(hidden)] pub fn f(x: u8) -> u8 { x }",
    "/// Docs.\n#[deprecated(note = \"x\")] #[track_caller] #[cfg_attr(a, b)] fn f() -> u8 { 1 }",
    "fn r#fn(r#type: u8, r#match: &str) -> u8 { r#type }",
    "fn str(u8: u8) -> u8 { u8 }",
    "fn größe(länge: u8) -> u8 { länge }",
    "fn f(value: u8, found: u8, result: u8, flight: u8, arg0: u8, __key0: u8, item: u8) -> u8 { 1 }",
    "fn f(a: u8, a: u8, b: u8, c: u8, d: u8, e: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8, m: u8, n: &str) {}",
    "fn f(x: u64) -> u64 { #![allow(unused)] fn f() {} x }",
    "struct S { x: u64 }",
    "#[loose_key(crate = a::b)] struct S<'a, T: Clone, const N: usize = 1>(T, &'a [u8; N]) where T: Eq;",
    "#[loose_key] #[loose_key(crate = )] pub struct S;",
    "enum E<T> { A, B(T, u8), C { r#type: u8, x: T } = 5 }",
    "pub enum E {}",
    "union U { a: u8, b: u16 }",
    "impl S { fn f(&self) -> u64 { 1 } }",
    "impl<'a, T: X, const N: usize> S<'a, T, N> where T: Y { const A: [u8; 1] = { [1] }; #[lru_cache(maxsize = 2)] fn f<U: Z>(&'a self, x: &str, y: &'a U) -> Option<T> { None } m! { x } m!(); }",
    "unsafe impl Tr<u8> for S { type A = Vec<u8>; #[cache] pub fn f(x: Self::A, y: &Self) -> Self::A { Self::A::new() } #[lru_cache] async fn g(self: &Arc<Self>, #[key(skip)] x: impl A) -> u8 { 1 } }",
    "#[cfg(x)] impl S { #[a] #[lru_cache(companion = none, ttl = 1)] #[b] unsafe extern \"C\" fn f(#[key(self.x)] &self, (a, b): (u8, fn(&str) -> &str)) -> Result<(), E> { #![x] } #[lru_cache] fn g(self) {} }",
    "impl<T> Tr for T { #[lru_cache] fn f(&self) -> u8 { 1 } }",
    "impl Tr for &[u8] { #[lru_cache] fn f(&self); #[lru_cache] const X: u8 = 1; }",
    "fn f(#[key(skip)] &self, x: &dyn Fn(&u8) -> &u8, y: &'_ [&'a str]) -> Self { x }",
    "fn f<'a, T: A<'a>, const N: bool>(self: Rc<Self>, x: &'a T, y: impl B) -> Rc<T> where Self: Sized { x }",
    "fn f(&mut self, x: u8) -> Result<&mut u8, E> { Ok(x?) }",
    "struct S<'a, T: ?Sized = u8> where T: A { #[cache_host] c: C, t: &'a T }",
    "struct S(u8, lruheap::InstanceCaches, #[cache_host(x)] InstanceCaches);",
    "impl<T> const Trait for &mut T where T: X { type A = u8; }",
    "trait T { fn f(&self) -> u64 { 1 } }",
    "const C: u64 = 1;",
    "static mut S: [u8; 3] = [1; 3];",
    "type T<'a> = &'a str;",
    "mod m { #![x] fn f() {} }",
    "use a::{b as c, *};",
    "macro_rules! m { ($($x:tt)*) => { $($x)* } }",
    "let x = |y: u8| -> u8 { y };",
    "extern \"C\" { fn f(x: u8); }",
];

/// What is thrown in.
const POOL: &str = r##"
    , ; : :: = => -> - ! ? & && < > >> | || . .. ... ..= # $ @ _ * + () [] {} (u8)
    #[key] #[key(skip)] #[key(x)] 'a '_ 'static 'x' 0 -1 1.5 1u8 0.0 1e999
    99999999999999999999999 "" "2h" b"x" c"x" r#"x"# true false None Some Self self crate super
    impl dyn fn const async unsafe extern pub mut ref where for type static move use r#type r#fn
    union auto safe gen default str u8 Option Vec Cow Result Result<&str> Option<> Vec<'a> Cow<'_>
    Fn(u8) value none thread maxsize ttl typed scope name companion cache_if cache_none coalesce xfetch stale stale_if_error tags tags(x) x f é
    shared shared() namespace version once at_most_once at_least_once
    __key0 loose_key #[lru_cache] #[cache(maxsize=1)] #[cache_host] InstanceCaches &self Arc<Self> for
"##;

fn any(rng: &mut Rng, texts: &[&str]) -> TokenStream {
    tokens(texts[rng.usize(..texts.len())])
}

fn thrown_in(rng: &mut Rng) -> TokenStream {
    let texts: Vec<&str> = POOL.split_whitespace().collect();
    any(rng, &texts)
}

/// One of the groups within, or the tokens themselves, changed in one place.
fn mutate(rng: &mut Rng, stream: TokenStream, corpus: &[&str]) -> TokenStream {
    let mut trees: Vec<TokenTree> = stream.into_iter().collect();
    let groups = trees
        .iter_mut()
        .filter(|tree| matches!(tree, TokenTree::Group(_)));
    let mut groups: Vec<&mut TokenTree> = groups.collect();
    if !groups.is_empty() && rng.u8(..3) > 0 {
        let chosen = rng.usize(..groups.len());
        if let TokenTree::Group(group) = &mut *groups[chosen] {
            *group = Group::new(group.delimiter(), mutate(rng, group.stream(), corpus));
        }
        return trees.into_iter().collect();
    }
    let at = rng.usize(..=trees.len());
    let to = rng.usize(at..=trees.len().min(at + 4));
    let piece: TokenStream = trees[at..to].iter().cloned().collect();
    let replacement: Vec<TokenTree> = match rng.u8(..7) {
        0 => Vec::new(),
        1 => piece.clone().into_iter().chain(piece).collect(),
        2 => {
            let mut reversed: Vec<TokenTree> = piece.into_iter().collect();
            reversed.reverse();
            reversed
        }
        3 => thrown_in(rng).into_iter().collect(),
        4 => piece.into_iter().chain(thrown_in(rng)).collect(),
        5 => {
            use Delimiter::{Brace, Bracket, None, Parenthesis};
            // Invisible groups are what `macro_rules!` make of `$x:expr`.
            let invisible = if piece.is_empty() { Parenthesis } else { None };
            let delimiter = [Parenthesis, Brace, Bracket, invisible, invisible][rng.usize(..5)];
            vec![Group::new(delimiter, piece).into()]
        }
        _ => {
            let other: Vec<TokenTree> = any(rng, corpus).into_iter().collect();
            let from = rng.usize(..=other.len());
            let to = rng.usize(from..=other.len());
            other[from..to].to_vec()
        }
    };
    trees.splice(at..to, replacement);
    trees.into_iter().collect()
}

/// The text with one character changed, where it still has tokens.
fn misspell(rng: &mut Rng, stream: TokenStream) -> TokenStream {
    let mut letters: Vec<char> = stream.to_string().chars().collect();
    let at = rng.usize(..=letters.len());
    match rng.u8(..3) {
        0 if at < letters.len() => drop(letters.remove(at)),
        1 if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => {
            let more: Vec<char> = "a0_'\"#<>&|.,;:=-!?é ".chars().collect();
            letters.insert(at, more[rng.usize(..more.len())]);
        }
    }
    let text: String = letters.into_iter().collect();
    text.parse().unwrap_or(stream)
}

fn nonsense(rng: &mut Rng, corpus: &[&str]) -> TokenStream {
    let mut stream = any(rng, corpus);
    for _ in 0..[0, 1, 1, 2, 3, 6][rng.usize(..6)] {
        stream = if rng.u8(..5) == 0 {
            misspell(rng, stream)
        } else {
            mutate(rng, stream, corpus)
        };
    }
    stream
}

/// Fails where `expand` panics or makes of Rust what is none: whoever uses a
/// macro wrongly is told so, and nothing else in their file breaks.
///
/// An item that is no Rust never comes to a macro: the compiler has refused it
/// before. What is made of it matters only in that there is no panic.
fn probe(what: &str, item: &TokenStream, expand: impl Fn(TokenStream) -> TokenStream) {
    let expansion = catch_unwind(AssertUnwindSafe(|| expand(item.clone())));
    let expansion = expansion.unwrap_or_else(|_| panic!("a panic for {what}\n{item}"));
    let was_rust = syn::parse2::<syn::Item>(item.clone()).is_ok();
    let is_rust = syn::parse2::<syn::File>(expansion.clone()).is_ok();
    assert!(
        is_rust || !was_rust,
        "what was Rust is none any more for {what}\n{item}\nis:\n{expansion}"
    );
}

fn probe_all(of: Macro, input: &str, options: &TokenStream, item: &TokenStream) {
    let name = if of == Macro::Cache {
        "cache"
    } else {
        "lru_cache"
    };
    probe(&format!("{input}#[{name}({options})]"), item, |item| {
        attribute(of, options.clone(), item)
    });
    probe(
        &format!("{input}#[cache_invalidate({options})]"),
        item,
        |item| invalidate::expand(options.clone(), item),
    );
    probe(&format!("{input}#[derive(LooseKey)]"), item, loose::derive);
    probe(&format!("{input}#[derive(CacheHost)]"), item, host::derive);
}

#[test]
fn every_input_of_the_corpus_gives_rust_and_no_panic() {
    for options in ATTRIBUTES {
        for item in ITEMS {
            for of in [Macro::LruCache, Macro::Cache] {
                probe_all(of, "", &tokens(options), &tokens(item));
            }
        }
    }
}

#[test]
fn nonsense_gives_rust_and_no_panic() {
    let seconds = std::env::var("LRUHEAP_FUZZ_SECONDS");
    let seconds = seconds
        .ok()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(SECONDS);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut rng = Rng::with_seed(SEED);
    let mut inputs = 0_u64;
    while Instant::now() < end {
        let of = if rng.bool() {
            Macro::LruCache
        } else {
            Macro::Cache
        };
        let (options, item) = (nonsense(&mut rng, ATTRIBUTES), nonsense(&mut rng, ITEMS));
        probe_all(
            of,
            &format!("seed {SEED}, input {inputs}:\n"),
            &options,
            &item,
        );
        inputs += 1;
    }
    println!("seed {SEED}: {inputs} inputs");
    assert!(inputs > 0);
}
