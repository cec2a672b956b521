//! What is asked of arguments and results, each with the message for whoever
//! does not meet it.
//!
//! All are implemented by blanket over the standard traits; they exist so that
//! the compiler speaks of cache keys and says the fix.

use std::hash::Hash;

/// What an argument needs to be part of a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be part of a cache key: it is not `Hash + Eq`",
    label = "not `Hash + Eq`",
    note = "write `#[derive(PartialEq, Eq, Hash)]` on the type, or `{Self}: Hash + Eq` in the bounds of a generic function",
    note = "for a float, put its bits in its place: `#[key(x.to_bits())] x: f64`",
    note = "or leave the parameter out of the key: `#[key(skip)]`"
)]
pub trait CacheKey: Hash + Eq {}

#[diagnostic::do_not_recommend]
impl<T: Hash + Eq + ?Sized> CacheKey for T {}

/// What an argument taken by value needs to be kept in the cache.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be kept in a cache key: it is not `Clone`",
    label = "not `Clone`",
    note = "the key is cloned from the argument when a result is stored: write `#[derive(Clone)]` on the type, `{Self}: Clone` in the bounds of a generic function, or take the argument as an `Arc`",
    note = "or put something that can be cloned in its place: `#[key(expr)]`, or leave it out of the key: `#[key(skip)]`"
)]
pub trait OwnedKey: Clone + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + 'static> OwnedKey for T {}

/// What an argument taken by reference needs to be kept in the cache.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` can't be kept in a cache key: `{Self}` has no owned form",
    label = "not `ToOwned`",
    note = "a reference is looked up as it is and owned when a result is stored: write `#[derive(Clone)]` on the type, or `{Self}: Clone` in the bounds of a generic function",
    note = "or put something that can be owned in its place: `#[key(expr)]`, or leave it out of the key: `#[key(skip)]`"
)]
pub trait BorrowedKey: ToOwned<Owned: Hash + Eq + 'static> + 'static {}

#[diagnostic::do_not_recommend]
impl<T: ToOwned<Owned: Hash + Eq + 'static> + ?Sized + 'static> BorrowedKey for T {}

/// What a cache that all threads share needs of what it keeps.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be kept in a cache that all threads share: it is not `Send + Sync`",
    label = "not `Send + Sync`",
    note = "give each thread a cache of its own: `scope = thread`",
    note = "or use a type that threads may share (`Arc` for `Rc`, `Mutex` for `RefCell`); in a generic function, add `{Self}: Send + Sync + 'static` to the bounds"
)]
pub trait Shareable: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> Shareable for T {}
