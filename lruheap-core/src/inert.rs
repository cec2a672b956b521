//! Which types run none of the user's code when they are compared or cloned.
//!
//! A key or value of such a type may be compared and cloned while a lock is
//! held; any other is taken out of the lock first, because its `Eq` or `Clone`
//! may be slow, panic, or call the same cache. A type that is missing here is
//! only slower, never wrong.

use std::any::TypeId;

macro_rules! any_of {
    ($wanted:expr; $($ty:ty),* $(,)?) => { false $(|| $wanted == TypeId::of::<$ty>())* };
}

macro_rules! any_of_shapes {
    ($wanted:expr; $($ty:ty),* $(,)?) => {
        any_of!($wanted; $($ty,)* $(Option<$ty>,)* $(Vec<$ty>,)* $([$ty],)*)
    };
}

/// Whether `T` is known to be compared and cloned by the standard library alone.
///
/// The list is compared by type, so the answer is a constant to the optimizer.
#[inline]
pub(crate) fn is_inert<T: ?Sized + 'static>() -> bool {
    let wanted = TypeId::of::<T>();
    any_of_shapes!(wanted;
        u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize,
        f32, f64, bool, char, (), String, &'static str,
    ) || any_of!(wanted;
        str, Box<str>, std::sync::Arc<str>, std::rc::Rc<str>,
        std::time::Duration, std::path::Path, std::path::PathBuf,
        (u32, u32), (u64, u64), (i32, i32), (i64, i64), (usize, usize),
    )
}

/// Whether `T` is a primitive integer.
#[inline]
pub(crate) fn is_integer<T: ?Sized + 'static>() -> bool {
    let wanted = TypeId::of::<T>();
    any_of!(wanted; u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_types_are_not_trusted() {
        struct Mine;
        assert!(!is_inert::<Mine>());
        assert!(!is_inert::<Vec<Mine>>());
        assert!(is_inert::<u64>() && is_inert::<str>() && is_inert::<Option<String>>());
    }
}
