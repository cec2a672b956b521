//! What is asked of arguments and results, each with the message for whoever
//! does not meet it.
//!
//! All are implemented by blanket over the standard traits; they exist so that
//! the compiler speaks of cache keys and says the fix.

use std::hash::Hash;

/// What an argument taken by value needs to be part of a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be part of a cache key: a key is `Hash + Eq + Clone`",
    label = "not `Hash + Eq + Clone`",
    note = "a type of your own: write `#[derive(PartialEq, Eq, Hash, Clone)]` on it; a type parameter: add the bounds `Hash + Eq + Clone + Send + Sync + 'static`",
    note = "a float: put its bits in its place, `#[key(x.to_bits())] x: f64`; anything else: an expression that is a key, `#[key(expr)]`",
    note = "a closure: take a `fn` pointer, which is a key; or, if the result does not depend on the argument, leave it out of the key: `#[key(skip)]`"
)]
pub trait CacheKey: Hash + Eq + Clone + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Hash + Eq + Clone + 'static> CacheKey for T {}

/// What an argument whose type has no name needs to be part of a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be part of a cache key: this one is `Hash + Eq + Clone + Send + Sync`",
    label = "not `Hash + Eq + Clone + Send + Sync`",
    note = "add what is missing to the bounds (`impl Hash + Eq + Clone + Send + Sync + 'static`), or give an expression that is all of it: `#[key(x.to_bits())] x: f64`",
    note = "a closure: take a `fn` pointer, which is a key; or, if the result does not depend on the argument, leave it out of the key: `#[key(skip)]`"
)]
pub trait AnyCacheKey: CacheKey + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: CacheKey + Send + Sync> AnyCacheKey for T {}

/// What an argument taken by reference needs to be part of a key.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` can't be part of a cache key: a key is `Hash + Eq` and has an owned form",
    label = "not `Hash + Eq + ToOwned`",
    note = "write `#[derive(PartialEq, Eq, Hash, Clone)]` on the type, or `{Self}: Hash + Eq + Clone` in the bounds of a generic function",
    note = "or put an expression that is a key in its place (`#[key(x.iter().map(|x| x.to_bits()).collect::<Vec<_>>())]` for floats); or, if the result does not depend on the argument, leave it out of the key: `#[key(skip)]`"
)]
pub trait BorrowedKey: Hash + Eq + ToOwned<Owned: Hash + Eq + 'static> + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Hash + Eq + ToOwned<Owned: Hash + Eq + 'static> + ?Sized + 'static> BorrowedKey for T {}

/// What a referenced argument of a type without a name needs.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` can't be part of a cache key: this one is `Hash + Eq + Clone + Send + Sync`",
    label = "not `Hash + Eq + Clone + Send + Sync`",
    note = "add what is missing to the bounds (`&(impl Hash + Eq + Clone + Send + Sync + 'static)`)",
    note = "or, if the result does not depend on the argument, leave it out of the key: `#[key(skip)]`"
)]
pub trait AnyBorrowedKey: BorrowedKey + ToOwned<Owned: Send + Sync> {}

#[diagnostic::do_not_recommend]
impl<T: BorrowedKey + ToOwned<Owned: Send + Sync> + ?Sized> AnyBorrowedKey for T {}

/// What a cache that all threads share needs of what it keeps.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be kept in a cache that all threads share: it is not `Send + Sync`",
    label = "not `Send + Sync`",
    note = "give each thread a cache of its own: `scope = thread`; a method: by taking `self: &Rc<Self>`",
    note = "or use a type that threads may share (`Arc` for `Rc`, `Mutex` for `RefCell`); in a generic function, add `{Self}: Send + Sync + 'static` to the bounds"
)]
pub trait Shareable: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> Shareable for T {}
