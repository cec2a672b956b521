//! How keys and values become bytes, and what is asked of their types for that. The bounds
//! are asked for here and nowhere else, so that the compiler says once what is missing.

use std::any::{TypeId, type_name};
use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use lruheap_core::memo::{Part, View};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_reflection::{Samples, Tracer, TracerConfig};
use xxhash_rust::xxh3::xxh3_64;

/// What a result needs to be shared.
#[diagnostic::on_unimplemented(
    message = "a result of type `{Self}` can't be shared between processes: it is not `Serialize + DeserializeOwned`",
    label = "not both `serde::Serialize` and `serde::de::DeserializeOwned`",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` on the type, and `serde = {{ version = \"1\", features = [\"derive\"] }}` in Cargo.toml, or these two in the bounds of a generic function (`Arc` and `Rc` have it with serde's feature `rc`); or leave out `shared`"
)]
pub trait SharedValue: Serialize + DeserializeOwned + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> SharedValue for T {}

/// What an argument needs to be part of a key that is shared.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` can't be part of a key that processes share: it is not `Serialize`",
    label = "not `serde::Serialize`",
    note = "write `#[derive(serde::Serialize)]` on the type, and `serde = {{ version = \"1\", features = [\"derive\"] }}` in Cargo.toml, or `{Self}: serde::Serialize` in the bounds of a generic function; put something in its place with `#[key(expr)]`; or leave out `shared`"
)]
pub trait SharedKey: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> SharedKey for T {}

/// How the keys and values of a function become bytes.
pub struct Codec<K, V> {
    pub(crate) key: fn(&K) -> Option<Vec<u8>>,
    pub(crate) value: fn(&V, Shape) -> Option<Vec<u8>>,
    pub(crate) back: fn(&[u8], Shape) -> Option<V>,
    pub(crate) shape: fn() -> Shape,
}

/// What is known of how a type looks to serde.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Another version of the type has another one, as far as could be seen.
    pub(crate) fingerprint: u64,
    /// Whether all of the type could be seen. If so, values are written without the names
    /// of fields, where that can be read again; if not, with them.
    is_known: bool,
}

fn of<K: Serialize + 'static, V: SharedValue>() -> Codec<K, V> {
    Codec {
        key: key_bytes,
        value: value_bytes,
        back: value_of,
        shape: shape::<V>,
    }
}

macro_rules! codecs {
    ($($name:ident($($part:ident),*);)*) => {$(
        /// For a key with this many parts. Each part is a parameter, so that the compiler
        /// points at the one at fault.
        pub fn $name<$($part: SharedKey + 'static,)* V: SharedValue>() -> Codec<($($part,)*), V> {
            of()
        }
    )*};
}

codecs! {
    codec0();
    codec1(A);
    codec2(A, B);
    codec3(A, B, C);
    codec4(A, B, C, D);
    codec5(A, B, C, D, E);
    codec6(A, B, C, D, E, F);
    codec7(A, B, C, D, E, F, G);
    codec8(A, B, C, D, E, F, G, H);
    codec9(A, B, C, D, E, F, G, H, I);
    codec10(A, B, C, D, E, F, G, H, I, J);
    codec11(A, B, C, D, E, F, G, H, I, J, L);
    codec12(A, B, C, D, E, F, G, H, I, J, L, M);
}

/// A part of a key whose type can't be written down: what it is in the words of all
/// processes.
pub struct Encoded(Vec<u8>);

/// What such a part is kept as.
pub type EncodedKey = Vec<u8>;

/// Makes that of the value of `#[key(expr)]`. Allocates.
///
/// # Panics
///
/// If the value's `Serialize` fails.
pub fn encoded<T: SharedKey>(value: &T) -> Encoded {
    let mut text = type_name::<T>().as_bytes().to_vec();
    text.push(0);
    text.extend(
        key_bytes(value).expect("what stands in the place of an argument can be serialized"),
    );
    Encoded(text)
}

impl View for Encoded {
    type Owned = EncodedKey;

    fn is_inert() -> bool {
        true
    }

    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }

    fn matches(&self, key: &Vec<u8>) -> bool {
        self.0 == *key
    }

    fn same(a: &Vec<u8>, b: &Vec<u8>) -> bool {
        a == b
    }
}

impl Part for Encoded {
    fn to_key(&self) -> Vec<u8> {
        self.0.clone()
    }
}

/// Arguments, in two ways one behind the other. The first tells apart all that differ
/// (`None` and `Some(None)` as well), the second knows fields by name, so that those of
/// another version of a type are not mistaken for them.
fn key_bytes<T: Serialize>(key: &T) -> Option<Vec<u8>> {
    let mut bytes = postcard::to_stdvec(key).ok()?;
    bytes.extend(rmp_serde::to_vec_named(key).ok()?);
    Some(bytes)
}

/// How a value is written: its first byte.
const COMPACT: u8 = 0;
const NAMED: u8 = 1;

fn value_bytes<V: Serialize + DeserializeOwned>(value: &V, shape: Shape) -> Option<Vec<u8>> {
    let named = rmp_serde::to_vec_named(value).ok();
    if shape.is_known {
        let compact = postcard::to_extend(value, vec![COMPACT]).ok();
        // A type may leave out fields where it is written (`skip_serializing_if`), which can
        // only be told by their names.
        let is_whole = |compact: &Vec<u8>| {
            let back: Option<V> = value_of(compact, shape);
            back.is_some_and(|back| same(rmp_serde::to_vec_named(&back).ok(), named.as_deref()))
        };
        if let Some(compact) = compact.filter(is_whole) {
            return Some(compact);
        }
    }
    let mut bytes = vec![NAMED];
    bytes.extend(named?);
    Some(bytes)
}

/// Whether two values were written the same, but for the order of what has none: a map
/// that was read may give its entries in another one.
fn same(one: Option<Vec<u8>>, other: Option<&[u8]>) -> bool {
    let (Some(mut one), Some(other)) = (one, other) else {
        return false;
    };
    if one == other {
        return true;
    }
    let mut other = other.to_vec();
    one.sort_unstable();
    other.sort_unstable();
    one == other
}

fn value_of<V: DeserializeOwned>(bytes: &[u8], shape: Shape) -> Option<V> {
    let (how, bytes) = bytes.split_first()?;
    match *how {
        COMPACT if shape.is_known => {
            let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
            rest.is_empty().then_some(value)
        }
        NAMED => rmp_serde::from_slice(bytes).ok(),
        _ => None,
    }
}

thread_local! {
    /// The types that this thread looks at, and whether it has been asked for them again
    /// meanwhile.
    static LOOKS_AT: RefCell<Vec<(TypeId, bool)>> = const { RefCell::new(Vec::new()) };
}

/// Looks at a type, unless this thread is in the middle of that: then its `Deserialize` calls
/// a function that gives it, and nothing is known of it, nor of what led there. So it is
/// the same in all processes, whichever function is called first.
fn look_at<V: 'static, T>(look: impl FnOnce() -> Option<T>) -> Option<T> {
    let id = TypeId::of::<V>();
    let is_first = LOOKS_AT.try_with(|types| {
        let mut types = types.borrow_mut();
        if let Some(at) = types.iter().position(|(other, _)| *other == id) {
            types[at..]
                .iter_mut()
                .for_each(|(_, is_again)| *is_again = true);
            return false;
        }
        types.push((id, false));
        true
    });
    if !is_first.unwrap_or(false) {
        return None;
    }
    let seen = look();
    let is_again =
        LOOKS_AT.try_with(|types| types.borrow_mut().pop().is_some_and(|(_, again)| again));
    seen.filter(|_| is_again == Ok(false))
}

/// Looks at a type as serde sees it: its name, its fields, their types, its variants.
fn shape<V: DeserializeOwned + 'static>() -> Shape {
    // The user's `Deserialize` runs on made-up data here, and need not like that.
    let traced = look_at::<V, _>(|| {
        catch_unwind(AssertUnwindSafe(|| {
            let mut tracer = Tracer::new(TracerConfig::default());
            let format = tracer.trace_type::<V>(&Samples::new());
            let format = format.map(|(format, _)| format).ok();
            let is_known = format.is_some();
            let text = format!("{format:?} {:?}", tracer.registry_unchecked());
            (text, is_known)
        }))
        .ok()
    });
    let (text, is_known) = traced.unwrap_or_default();
    let text = format!("{} {} {is_known} {text}", type_name::<V>(), size_of::<V>());
    Shape {
        fingerprint: xxh3_64(text.as_bytes()),
        is_known,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::fmt::Debug;

    use serde::Deserialize;

    use super::*;

    fn there_and_back<V: SharedValue + PartialEq + Debug>(value: V) {
        let codec = codec0::<V>();
        let shape = (codec.shape)();
        let bytes = (codec.value)(&value, shape).expect("it can be written");
        assert_eq!((codec.back)(&bytes, shape), Some(value));
        assert_eq!((codec.shape)(), shape);
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    enum Kind {
        One,
        Two(u8),
        Three { a: String, b: Option<Box<Kind>> },
    }

    #[test]
    fn values_of_all_kinds_come_back() {
        there_and_back(());
        there_and_back(u128::MAX);
        there_and_back(i128::MIN);
        there_and_back(-1_i8);
        there_and_back(u64::MAX);
        there_and_back(1.5_f32);
        there_and_back('é');
        there_and_back(String::from("text"));
        there_and_back(Some(None::<u8>));
        there_and_back(None::<()>);
        there_and_back((1_u8, "x".to_owned(), [1_u16; 3]));
        there_and_back(HashMap::from([((1_u8, 2_u8), Kind::One)]));
        there_and_back(
            (0..50_u8)
                .map(|n| (n, Some(None::<u8>)))
                .collect::<HashMap<_, _>>(),
        );
        there_and_back(BTreeMap::from([(Some(3_i64), vec![Kind::Two(1)])]));
        let inner = Some(Box::new(Kind::Two(9)));
        there_and_back(Kind::Three {
            a: "a".into(),
            b: inner,
        });
        there_and_back(Ok::<u8, String>(3));
        there_and_back(std::time::Duration::new(1, 2));
    }

    mod before {
        #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
        pub(super) struct Course {
            pub(super) id: u32,
            pub(super) name: String,
        }
    }

    macro_rules! version {
        ($name:ident { $($field:ident: $ty:ty),* }) => {
            mod $name {
                #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
                pub(super) struct Course { $(pub(super) $field: $ty),* }
            }
        };
    }

    version!(swapped {
        name: String,
        id: u32
    });
    version!(renamed {
        id: u32,
        title: String
    });
    version!(more { id: u32, name: String, nick: Option<String> });
    version!(fewer { id: u32 });
    version!(wider {
        id: u64,
        name: String
    });
    version!(float {
        id: f32,
        name: String
    });

    #[test]
    fn another_version_of_a_type_has_another_fingerprint() {
        // As if all were at one path.
        fn text<V: DeserializeOwned>() -> String {
            let mut tracer = Tracer::new(TracerConfig::default());
            let format = tracer.trace_type::<V>(&Samples::new());
            let format = format.map(|(format, _)| format).ok();
            format!("{format:?} {:?}", tracer.registry_unchecked())
        }
        let all = [
            text::<before::Course>(),
            text::<swapped::Course>(),
            text::<renamed::Course>(),
            text::<more::Course>(),
            text::<fewer::Course>(),
            text::<wider::Course>(),
            text::<float::Course>(),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{one}");
        }
        assert!(shape::<before::Course>() != shape::<swapped::Course>());
    }

    mod variants {
        #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
        pub(super) enum Before {
            One,
            Two(u32),
            Three { a: u8 },
        }
        #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
        #[serde(rename = "Before")]
        pub(super) enum After {
            One,
            Two(u32),
            Three { b: u8 },
        }
    }

    #[test]
    fn a_change_in_the_last_of_the_variants_is_seen() {
        let (one, two) = (shape::<variants::Before>(), shape::<variants::After>());
        assert!(one.is_known && two.is_known);
        assert_ne!(one.fingerprint, two.fingerprint);
    }

    /// Of which nothing can be known without a value.
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Loose {
        Number(u64),
        Text(String),
    }

    #[test]
    fn what_describes_itself_comes_back_as_well() {
        there_and_back(Loose::Number(3));
        there_and_back(Loose::Text("x".into()));
        there_and_back(vec![Loose::Number(1), Loose::Text(String::new())]);
        assert!(!shape::<Loose>().is_known);
    }

    /// Fields that are written only where there is something in them.
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Gaps {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Vec<u8>>,
        first: Vec<u8>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        last: Vec<u8>,
    }

    #[test]
    fn what_leaves_fields_out_comes_back_as_well() {
        for name in [None, Some(vec![]), Some(vec![1])] {
            for last in [vec![], vec![9, 0, 0]] {
                let (name, first) = (name.clone(), vec![2]);
                there_and_back(Gaps { name, first, last });
            }
        }
        assert!(shape::<Gaps>().is_known);
        let whole = Gaps {
            name: Some(vec![1]),
            first: vec![2],
            last: vec![3],
        };
        let bytes = (codec0::<Gaps>().value)(&whole, shape::<Gaps>());
        assert_eq!(bytes.as_deref(), Some(&[COMPACT, 1, 1, 1, 1, 2, 1, 3][..]));
    }

    #[test]
    fn a_type_whose_fields_are_out_of_order_is_read_by_name() {
        let old = rmp_serde::to_vec_named(&before::Course {
            id: 7,
            name: "x".into(),
        })
        .expect("it can be written");
        let new: swapped::Course = rmp_serde::from_slice(&old).expect("it can be read");
        assert_eq!(
            new,
            swapped::Course {
                name: "x".into(),
                id: 7
            }
        );
    }

    /// Panics when it is read from what is not its own.
    struct Picky;

    impl<'de> Deserialize<'de> for Picky {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let text = String::deserialize(from)?;
            assert!(!text.is_empty(), "an empty text");
            Ok(Picky)
        }
    }

    #[test]
    fn a_type_that_can_not_be_explored_has_a_fingerprint_as_well() {
        std::panic::set_hook(Box::new(|_| ()));
        let (one, two) = (shape::<Picky>(), shape::<Picky>());
        let _ = std::panic::take_hook();
        assert_eq!(one, two);
        assert!(!one.is_known);
    }

    #[test]
    fn different_arguments_have_different_keys() {
        let two = codec2::<String, String, ()>();
        let key = |a: &str, b: &str| (two.key)(&(a.into(), b.into())).expect("it can be written");
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert_ne!(key("", "abc"), key("abc", ""));
        let list = codec1::<Vec<Vec<u8>>, ()>();
        let key = |a: &[&[u8]]| {
            let a: Vec<Vec<u8>> = a.iter().map(|item| item.to_vec()).collect();
            (list.key)(&(a,)).expect("it can be written")
        };
        assert_ne!(key(&[&[1], &[2]]), key(&[&[1, 2]]));
        assert_ne!(key(&[]), key(&[&[]]));
        let option = codec1::<Option<u8>, ()>();
        assert_ne!((option.key)(&(None,)), (option.key)(&(Some(0),)));
        let nested = codec1::<Option<Option<()>>, ()>();
        let key = |option| (nested.key)(&(option,)).expect("it can be written");
        assert_ne!(key(None), key(Some(None)));
        assert_ne!(key(Some(None)), key(Some(Some(()))));
    }
}
