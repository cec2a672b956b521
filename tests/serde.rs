//! Hosts that are written and read with serde: their caches are not there.

use lruheap::{CacheHost, InstanceCaches, lru_cache};
use serde::{Deserialize, Serialize};

#[derive(CacheHost, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Corpus {
    text: String,
    caches: InstanceCaches,
}

impl Corpus {
    fn new(text: &str) -> Self {
        Corpus {
            text: text.into(),
            caches: InstanceCaches::new(),
        }
    }

    #[lru_cache]
    fn count(&self, word: &str) -> usize {
        self.text.matches(word).count()
    }
}

#[test]
fn a_host_comes_back_with_empty_caches() {
    let corpus = Corpus::new("a b a");
    assert_eq!(corpus.count("a"), 2);
    let json = serde_json::to_string(&corpus).unwrap();
    assert_eq!(json, r#"{"text":"a b a","caches":null}"#); // no word of what is cached
    let back: Corpus = serde_json::from_str(&json).unwrap();
    assert_eq!(back, corpus);
    assert!(!back.count_cache().cache_contains(("a",)));
    assert_eq!(
        (back.count("a"), back.count_cache().cache_info().misses),
        (2, 1)
    );
    assert_eq!(corpus.count_cache().cache_info().currsize, 1); // as it was
}

#[test]
fn the_field_may_be_missing_or_anything() {
    for json in [
        r#"{"text":"a b a"}"#,
        r#"{"text":"a b a","caches":null}"#,
        r#"{"text":"a b a","caches":{"count":[1,{"a":2}]}}"#,
        r#"{"caches":[],"text":"a b a"}"#,
    ] {
        let corpus: Corpus = serde_json::from_str(json).unwrap();
        assert_eq!(
            (corpus.count("b"), corpus.text.as_str()),
            (1, "a b a"),
            "{json}"
        );
    }
}

#[test]
fn the_field_may_be_skipped() {
    #[derive(CacheHost, Default, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Skips {
        id: u32,
        #[serde(skip)]
        caches: InstanceCaches,
    }
    impl Skips {
        #[lru_cache]
        fn twice(&self) -> u32 {
            self.id * 2
        }
    }
    let skips: Skips = serde_json::from_str(r#"{"id":3}"#).unwrap();
    assert_eq!(skips.twice(), 6);
    assert_eq!(serde_json::to_string(&skips).unwrap(), r#"{"id":3}"#);
}

#[test]
fn in_tuple_structs_and_collections() {
    #[derive(CacheHost, Serialize, Deserialize)]
    struct Tuple(u32, InstanceCaches);
    impl Tuple {
        #[lru_cache]
        fn twice(&self) -> u32 {
            self.0 * 2
        }
    }
    let tuples = vec![
        Tuple(1, InstanceCaches::new()),
        Tuple(2, InstanceCaches::new()),
    ];
    assert_eq!(tuples[1].twice(), 4);
    let value = serde_json::to_value(&tuples).unwrap();
    assert_eq!(value, serde_json::json!([[1, null], [2, null]]));
    let back: Vec<Tuple> = serde_json::from_value(value).unwrap();
    assert_eq!(back.iter().map(Tuple::twice).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(Tuple::twice_caches().instances(), 3);
}
