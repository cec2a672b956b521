//! Which types run none of the user's code when they are compared or cloned.
//!
//! A key or value of such a type may be compared and cloned while a lock is
//! held; any other is taken out of the lock first, because its `Eq` or `Clone`
//! may be slow, panic, or call the same cache. A type that is missing here is
//! only slower, never wrong.

use std::any::{Any, TypeId};
use std::path::PathBuf;

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
        std::time::Duration, std::path::Path, PathBuf,
        (u32, u32), (u64, u64), (i32, i32), (i64, i64), (usize, usize),
    )
}

/// What takes longer to copy than this, in bytes, is not copied while anybody waits.
const LIGHT: usize = 4096;

/// Whether a copy of `value` is made by the standard library alone, and soon.
#[inline]
pub(crate) fn is_light<T: 'static>(value: &T) -> bool {
    is_inert::<T>() && weight(value) <= LIGHT
}

/// How many bytes a copy of `value` takes beside itself; 0 for what is not inert.
#[inline]
fn weight(value: &dyn Any) -> usize {
    macro_rules! slices_of {
        ($($ty:ty),*) => {
            $(if let Some(values) = value.downcast_ref::<Vec<$ty>>() {
                return size_of_val(values.as_slice());
            })*
        };
    }
    slices_of!(
        u8,
        u16,
        u32,
        u64,
        u128,
        usize,
        i8,
        i16,
        i32,
        i64,
        i128,
        isize,
        f32,
        f64,
        bool,
        char,
        &'static str
    );
    if let Some(texts) = value.downcast_ref::<Vec<String>>() {
        return texts
            .iter()
            .map(|text| size_of::<String>() + text.len())
            .sum();
    }
    let text = value.downcast_ref::<String>().or_else(|| {
        let text = value.downcast_ref::<Option<String>>();
        text.and_then(Option::as_ref)
    });
    text.map(String::len)
        .or_else(|| value.downcast_ref::<Box<str>>().map(|text| text.len()))
        .or_else(|| {
            value
                .downcast_ref::<PathBuf>()
                .map(|path| path.as_os_str().len())
        })
        .unwrap_or(0)
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
    fn what_is_long_is_not_light() {
        assert!(
            is_light(&7_u64) && is_light(&String::from("short")) && is_light(&vec![7_u8; LIGHT])
        );
        let text = "x".repeat(LIGHT + 1);
        assert!(
            !is_light(&text) && !is_light(&Some(text.clone())) && !is_light(&vec![text.clone()])
        );
        assert!(!is_light(&text.clone().into_boxed_str()) && !is_light(&PathBuf::from(&text)));
        assert!(!is_light(&vec![0_u64; LIGHT]) && !is_light(&vec![String::new(); LIGHT]));
        assert!(is_light(&std::sync::Arc::<str>::from(text)), "it is shared");
    }

    #[test]
    fn user_types_are_not_trusted() {
        struct Mine;
        assert!(!is_inert::<Mine>());
        assert!(!is_inert::<Vec<Mine>>());
        assert!(is_inert::<u64>() && is_inert::<str>() && is_inert::<Option<String>>());
    }
}
