//! Loose keys: arguments compared by what they say, not by their type.
//!
//! An argument gives a flat run of tokens, borrowing its text. Groups carry
//! their length, so the run can be read in one way only. From here on no user
//! code is involved: tokens are hashed and compared by the standard library.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

use super::{Part, View};

/// Arguments of a function with `typed = false`: values that are equal are one
/// key, whatever their type.
///
/// As in Python, `1u8`, `1i64`, `1.0f64` and `true` are one key. A `char` is
/// not a string, a tuple is not a slice, and `Some(1)` is not `1`. All NaNs are
/// one key. `#[derive(LooseKey)]` compares a struct or enum by its name and its
/// fields, loosely in turn.
///
/// ```
/// use lruheap_core::{Loose, LooseKey};
///
/// assert_eq!(Loose::of(&1_u8), Loose::of(&1.0_f64));
/// assert_eq!(Loose::of(&(true, "a")), Loose::of(&(1_i64, String::from("a"))));
/// assert_ne!(Loose::of(&'a'), Loose::of("a"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be part of a loose cache key: it is not `LooseKey`",
    label = "not `LooseKey`",
    note = "`typed = false` compares arguments of different types, so each has to be a number, bool, char, string, tuple, slice or `Option` of those, or a type with `#[derive(LooseKey)]`",
    note = "in a generic function, add `{Self}: LooseKey` to the bounds; or leave the parameter out of the key: `#[key(skip)]`"
)]
pub trait LooseKey {
    /// Adds what the value says to the run of tokens.
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>);
}

/// What an argument says, as a flat run of tokens.
#[derive(Default)]
pub struct LooseTokens<'a>(SmallVec<[Token<&'a str>; 6]>);

impl<'a> LooseTokens<'a> {
    /// Adds a string.
    pub fn text(&mut self, text: &'a str) {
        self.0.push(Token::Text(text));
    }

    /// Opens a group with this name and number of members, which follow.
    pub fn group(&mut self, name: &'static str, members: usize) {
        self.0.push(Token::Group(name, members));
    }

    fn number(&mut self, number: Number) {
        self.0.push(Token::Number(number));
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Token<T> {
    Number(Number),
    Char(char),
    Text(T),
    Group(&'static str, usize),
}

/// A number by its value. Whole numbers are never kept as floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Number {
    Whole(i128),
    /// Above `i128::MAX`.
    Huge(u128),
    /// The bits of a float that is not whole, or too large.
    Float(u64),
}

impl From<f64> for Number {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::float_cmp
    )]
    fn from(float: f64) -> Self {
        const TWO_TO_127: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
        if float.is_nan() {
            Number::Float(f64::NAN.to_bits())
        } else if float.trunc() != float || !(-TWO_TO_127..TWO_TO_127 * 2.0).contains(&float) {
            Number::Float(float.to_bits())
        } else if float < TWO_TO_127 {
            Number::Whole(float as i128)
        } else {
            Number::Huge(float as u128)
        }
    }
}

/// A loose key, owned: what the cache of a function with `typed = false` keeps
/// in the place of an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Loose(Box<[Token<Box<str>>]>);

impl Loose {
    /// The loose key of `value`.
    pub fn of(value: &(impl LooseKey + ?Sized)) -> Self {
        loose(value).to_key()
    }
}

/// The part for an argument of a function with `typed = false`.
#[inline]
pub fn loose<T: LooseKey + ?Sized>(value: &T) -> impl Part<Owned = Loose> + use<'_, T> {
    let mut tokens = LooseTokens::default();
    value.tokens(&mut tokens);
    tokens
}

impl View for LooseTokens<'_> {
    type Owned = Loose;

    fn is_inert() -> bool {
        true
    }

    fn hash<H: Hasher>(&self, state: &mut H) {
        Hash::hash(&self.0[..], state);
    }

    fn matches(&self, key: &Loose) -> bool {
        self.0.len() == key.0.len()
            && self
                .0
                .iter()
                .zip(&key.0)
                .all(|(token, kept)| match (token, kept) {
                    (Token::Number(a), Token::Number(b)) => a == b,
                    (Token::Char(a), Token::Char(b)) => a == b,
                    (Token::Text(a), Token::Text(b)) => **a == **b,
                    (Token::Group(a, n), Token::Group(b, m)) => n == m && a == b,
                    _ => false,
                })
    }

    fn same(a: &Loose, b: &Loose) -> bool {
        a == b
    }
}

impl Part for LooseTokens<'_> {
    fn to_key(&self) -> Loose {
        let owned = self.0.iter().map(|token| match *token {
            Token::Number(number) => Token::Number(number),
            Token::Char(c) => Token::Char(c),
            Token::Text(text) => Token::Text(text.into()),
            Token::Group(name, members) => Token::Group(name, members),
        });
        Loose(owned.collect())
    }
}

macro_rules! whole_numbers {
    ($($ty:ty),*) => {$(
        impl LooseKey for $ty {
            #[allow(trivial_numeric_casts, clippy::cast_lossless)]
            fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
                out.number(Number::Whole(*self as i128));
            }
        }
    )*};
}

whole_numbers!(
    bool, u8, u16, u32, u64, i8, i16, i32, i64, i128, isize, usize
);

impl LooseKey for u128 {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        out.number(i128::try_from(*self).map_or(Number::Huge(*self), Number::Whole));
    }
}

impl LooseKey for f64 {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        out.number((*self).into());
    }
}

impl LooseKey for f32 {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        out.number(f64::from(*self).into());
    }
}

impl LooseKey for char {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        out.0.push(Token::Char(*self));
    }
}

impl LooseKey for str {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        out.text(self);
    }
}

impl LooseKey for String {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        out.text(self);
    }
}

impl<T: LooseKey> LooseKey for [T] {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        out.group("[]", self.len());
        for item in self {
            item.tokens(out);
        }
    }
}

impl<T: LooseKey, const N: usize> LooseKey for [T; N] {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        self[..].tokens(out);
    }
}

impl<T: LooseKey> LooseKey for Vec<T> {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        self[..].tokens(out);
    }
}

impl<T: LooseKey> LooseKey for Option<T> {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        out.group("Option", usize::from(self.is_some()));
        if let Some(value) = self {
            value.tokens(out);
        }
    }
}

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<T: LooseKey + ?Sized> LooseKey for $pointer {
            fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
                (**self).tokens(out);
            }
        }
    )*};
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: LooseKey + ToOwned + ?Sized> LooseKey for Cow<'_, T> {
    fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
        (**self).tokens(out);
    }
}

macro_rules! tuples {
    ($($member:ident $at:tt),*; $len:literal) => {
        impl<$($member: LooseKey),*> LooseKey for ($($member,)*) {
            fn tokens<'a>(&'a self, out: &mut LooseTokens<'a>) {
                out.group("()", $len);
                $(self.$at.tokens(out);)*
            }
        }
    };
}

tuples!(; 0);
tuples!(A 0; 1);
tuples!(A 0, B 1; 2);
tuples!(A 0, B 1, C 2; 3);
tuples!(A 0, B 1, C 2, D 3; 4);
tuples!(A 0, B 1, C 2, D 3, E 4; 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5; 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6; 7);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7; 8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_one_key_whatever_their_type() {
        let one = Loose::of(&1_u8);
        for other in [
            Loose::of(&1_i128),
            Loose::of(&1_u128),
            Loose::of(&1.0_f32),
            Loose::of(&1.0_f64),
            Loose::of(&true),
            Loose::of(&Box::new(1)),
        ] {
            assert_eq!(one, other);
        }
        assert_eq!(Loose::of(&-0.0), Loose::of(&0));
        assert_eq!(Loose::of(&f64::NAN), Loose::of(&-f64::NAN));
    }

    #[test]
    fn numbers_that_differ_are_different_keys_even_at_the_ends() {
        let large = (1_u64 << 53) + 1;
        assert_ne!(Loose::of(&large), Loose::of(&9_007_199_254_740_992.0));
        assert_eq!(Loose::of(&(1_u128 << 127)), Loose::of(&2_f64.powi(127)));
        assert_ne!(Loose::of(&u128::MAX), Loose::of(&2_f64.powi(128)));
        assert_eq!(Loose::of(&i128::MIN), Loose::of(&-(2_f64.powi(127))));
        assert_ne!(Loose::of(&0.1_f32), Loose::of(&0.1_f64));
        assert_ne!(Loose::of(&f64::INFINITY), Loose::of(&f64::MAX));
    }

    #[test]
    fn structure_is_part_of_the_key() {
        assert_ne!(Loose::of(&((1, 2), 3)), Loose::of(&(1, (2, 3))));
        assert_ne!(Loose::of(&(1, 2)), Loose::of(&[1, 2]));
        assert_ne!(Loose::of(&Some(1)), Loose::of(&1));
        assert_ne!(Loose::of(&None::<u8>), Loose::of(&()));
        assert_ne!(Loose::of("1"), Loose::of(&1));
        assert_ne!(Loose::of(&["a", "b"][..]), Loose::of(&["ab"][..]));
    }

    #[test]
    fn a_view_hashes_as_its_key() {
        use std::hash::{BuildHasher, RandomState};
        let state = RandomState::new();
        let value = (1, "text", vec![Some(2.5)]);
        let mut tokens = LooseTokens::default();
        value.tokens(&mut tokens);
        let mut hasher = state.build_hasher();
        View::hash(&tokens, &mut hasher);
        assert_eq!(hasher.finish(), state.hash_one(Loose::of(&value)));
    }
}
