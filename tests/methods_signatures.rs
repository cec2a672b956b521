//! What stands in the signature of a memoized method: `Self`, lifetimes, an error that
//! borrows, function types, constants.

#![deny(missing_docs, warnings, clippy::pedantic)]
#![allow(clippy::items_after_statements, clippy::module_name_repetitions)] // types inside tests

mod common;

use std::borrow::Cow;
use std::hash::Hash;

use common::four;
use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Clone, PartialEq, Eq, Hash, Debug)]
struct Point<'a> {
    name: &'a str,
    x: i32,
    caches: InstanceCaches,
}

impl<'a> Point<'a> {
    #[lru_cache]
    fn matches(&self, word: &'a str, words: &[&'a str]) -> usize {
        self.name.matches(word).count() + words.len()
    }
}

#[derive(CacheHost, Clone, PartialEq, Eq, Hash, Debug)]
struct Number(i32, InstanceCaches);

impl Number {
    #[lru_cache]
    fn plus(&self, other: &Self, more: Option<Self>) -> Self {
        Number(
            self.0 + other.0 + more.map_or(0, |more| more.0),
            InstanceCaches::new(),
        )
    }
}

#[test]
fn types_that_borrow_and_self_in_signatures() {
    let text = String::from("a b a");
    let point = Point {
        name: &text,
        x: 1,
        caches: InstanceCaches::new(),
    };
    assert_eq!(
        (point.matches("a", &["b"]), point.matches("a", &["b"])),
        (3, 3)
    );
    assert_eq!((point.matches_cache().cache_info().hits, point.x), (1, 1));
    let number = |n| Number(n, InstanceCaches::new());
    let one = number(1);
    assert_eq!(one.plus(&number(2), None), number(3));
    assert_eq!(one.plus(&number(2), Some(number(4))), number(7));
    assert_eq!(one.plus(&number(2), None), number(3));
    assert!(
        one.plus_cache()
            .cache_contains((&number(2), Some(number(4))))
    );
    assert_eq!(one.plus_cache().cache_info().hits, 1);
}

#[derive(CacheHost, Default)]
struct Book {
    title: String,
    caches: InstanceCaches,
}

impl Book {
    #[lru_cache]
    fn page(&self, n: u8) -> Result<u8, &str> {
        if n == 0 { Err(&self.title) } else { Ok(n) }
    }

    #[lru_cache]
    fn length<'w>(&self, word: &'w str) -> Result<usize, &'w str> {
        if word.is_empty() || word == "none" {
            Err(word)
        } else {
            Ok(word.len() + self.title.len())
        }
    }

    #[lru_cache]
    fn count<'b>(#[key(self.title.clone())] &'b self, word: &'b str) -> Result<usize, &'b str> {
        let count = self.title.matches(word).count();
        if count == 0 { Err(word) } else { Ok(count) }
    }
}

#[test]
fn an_error_that_borrows() {
    let book = Book {
        title: "a b a".into(),
        ..Book::default()
    };
    let word = String::from("none");
    for _ in 0..2 {
        assert_eq!((book.page(0), book.page(1)), (Err("a b a"), Ok(1)));
        assert_eq!((book.length(&word), book.length("a")), (Err("none"), Ok(6)));
        assert_eq!((book.count(&word), book.count("a")), (Err("none"), Ok(2)));
    }
    assert_eq!(
        (book.page_refresh(0), book.page_refresh(1)),
        (Err("a b a"), Ok(1))
    );
    assert_eq!(
        (book.length_refresh(&word), book.length_refresh("a")),
        (Err("none"), Ok(6))
    );
    assert_eq!(
        (book.count_refresh(&word), book.count_refresh("a")),
        (Err("none"), Ok(2))
    );
    // The errors were not kept, and a `refresh` is no miss.
    assert_eq!(four(book.page_cache().cache_info()), (1, 3, Some(128), 1));
    assert_eq!(four(book.length_cache().cache_info()), (1, 3, Some(128), 1));
    assert_eq!(book.count_cache().cache_peek(("a",)), Some(2));
    assert_eq!(Book::page_caches().instances(), 1);
}

trait Measure<'a> {
    fn measure(&self, text: &'a str) -> usize;
}

impl<'a> Measure<'a> for u8 {
    fn measure(&self, text: &'a str) -> usize {
        text.len() + usize::from(*self)
    }
}

impl Book {
    #[lru_cache]
    fn measured<'a, M>(&'a self, by: M, text: &'a str) -> usize
    where
        M: Measure<'a> + Hash + Eq + Clone + Send + Sync + 'static,
    {
        self.title.len() + by.measure(text)
    }

    #[lru_cache]
    fn forever(&'static self, text: &'static str) -> (&'static str, &'static str) {
        (&self.title, text)
    }
}

#[test]
fn a_receiver_with_a_lifetime() {
    static BOOK: Book = Book {
        title: String::new(),
        caches: InstanceCaches::new(),
    };
    let (book, text) = (Book::default(), String::from("abc"));
    assert_eq!(
        (book.measured(1_u8, &text), book.measured(1_u8, "abc")),
        (4, 4)
    );
    assert_eq!(
        four(book.measured_cache::<u8>().cache_info()),
        (1, 1, Some(128), 1)
    );
    assert_eq!(
        (BOOK.forever("a"), BOOK.forever("a")),
        (("", "a"), ("", "a"))
    );
    assert_eq!(
        four(BOOK.forever_cache().cache_info()),
        (1, 1, Some(128), 1)
    );
}

type Cut = fn(&str) -> &str;

impl Book {
    #[lru_cache]
    fn pair(&self, #[key(skip)] split: &dyn Fn(&str) -> (u8, &str)) -> usize {
        let (number, rest) = split(&self.title);
        usize::from(number) + rest.len()
    }

    #[lru_cache]
    fn sized(&self, size: fn(Cow<'_, str>) -> usize) -> usize {
        size(Cow::from(&self.title))
    }

    #[lru_cache]
    fn cut(&self, cut: fn(&str) -> &str, again: Cut) -> String {
        again(cut(&self.title)).into()
    }

    #[lru_cache]
    fn boxed(&self, #[key(skip)] cut: Box<dyn Fn(&str) -> &str + '_>, text: &str) -> usize {
        cut(text).len() + self.title.len()
    }

    #[lru_cache]
    fn every(&self, #[key(skip)] cut: &dyn for<'x> Fn(&'x str) -> &'x str) -> usize {
        cut(&self.title).len()
    }
}

#[test]
fn function_types_as_arguments() {
    let book = Book {
        title: "abc".into(),
        ..Book::default()
    };
    let size: fn(Cow<'_, str>) -> usize = |text| text.len();
    let rest: &dyn Fn(&str) -> (u8, &str) = &|text| (1, &text[1..]);
    let cut: Cut = |text| &text[1..];
    for _ in 0..2 {
        assert_eq!(book.pair(rest), 3);
        assert_eq!(book.pair(&|text| (9, text)), 3); // left out of the key
        assert_eq!(book.sized(size), 3);
        assert_eq!(book.cut(cut, cut), "c");
        assert_eq!(book.boxed(Box::new(cut), "ab"), 4);
        assert_eq!(book.every(&|text| &text[1..]), 2);
    }
    assert_eq!(book.pair_cache().cache_peek((rest,)), Some(3));
    assert!(book.sized_cache().cache_contains((size,)));
    assert_eq!(book.cut_cache().cache_remove((cut, cut)), Some("c".into()));
    assert!(book.boxed_cache().cache_contains((Box::new(cut), "ab")));
    assert!(book.every_cache().cache_contains((&cut,)));
    assert_eq!(four(book.pair_cache().cache_info()), (3, 1, Some(128), 1));
}
