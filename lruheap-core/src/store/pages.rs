//! What lies by number and gets large: pages that never move.
//!
//! A `Vec` moves all of what it holds when it grows, which is nothing to wait for
//! with thousands and much with millions. So those who use this begin with one `Vec`,
//! and go to pages when it holds [`Pages::NEAR`]. It knows nothing of what it keeps.

pub(super) struct Pages<T> {
    pages: Vec<Vec<T>>,
    len: usize,
}

impl<T> Pages<T> {
    /// How many may lie in one `Vec` before there are pages: a megabyte moves within
    /// some hundred microseconds, and few caches are larger.
    pub(super) const NEAR: usize = {
        let size = if size_of::<T>() < 32 {
            32
        } else {
            size_of::<T>()
        };
        let most = (1 << 20) / size;
        if most < 1024 { 1024 } else { most }
    };

    /// How many lie in a page: an eighth as many or more.
    const PAGE: usize = Self::NEAR.next_power_of_two() / 8;

    pub(super) const fn new() -> Self {
        Pages {
            pages: Vec::new(),
            len: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.pages.get(at / Self::PAGE)?.get(at % Self::PAGE)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.pages
            .get_mut(at / Self::PAGE)?
            .get_mut(at % Self::PAGE)
    }

    pub(super) fn push(&mut self, value: T) {
        let page = self.len / Self::PAGE;
        if page == self.pages.len() {
            self.pages.push(Vec::with_capacity(Self::PAGE));
        }
        self.pages[page].push(value);
        self.len += 1;
    }

    /// Takes over what has lain in one piece, in the place of nothing.
    pub(super) fn fill(&mut self, near: Vec<T>) {
        debug_assert_eq!(self.len, 0);
        self.len = near.len();
        self.pages.clear();
        let mut near = near.into_iter();
        while near.len() > 0 {
            let mut page = Vec::with_capacity(Self::PAGE);
            page.extend(near.by_ref().take(Self::PAGE));
            self.pages.push(page);
        }
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        let page = self.len / Self::PAGE;
        // One empty page stays, for those who go back and forth.
        self.pages.truncate(page + 2);
        self.pages[page].pop()
    }

    /// Gives back what is not in use.
    pub(super) fn shrink(&mut self) {
        let used = self.len.div_ceil(Self::PAGE);
        self.pages.truncate(used);
        if used < self.pages.capacity() / 4 {
            self.pages.shrink_to(used * 2);
        }
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.pages.into_iter().flatten()
    }

    #[cfg(test)]
    pub(super) fn allocated(&self) -> usize {
        let pages = self
            .pages
            .iter()
            .map(|page| page.capacity() * size_of::<T>());
        self.pages.capacity() * size_of::<Vec<T>>() + pages.sum::<usize>()
    }
}

/// The first in one `Vec` and the rest in pages: for what is asked for by rank, the
/// first far more than the others.
pub(super) struct Paged<T> {
    near: Vec<T>,
    far: Pages<T>,
}

impl<T> Paged<T> {
    pub(super) const fn new() -> Self {
        Paged {
            near: Vec::new(),
            far: Pages::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.near.len() + self.far.len()
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        match self.near.get(at) {
            None => self.far.get(at.checked_sub(Pages::<T>::NEAR)?),
            near => near,
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        match self.near.get_mut(at) {
            None => self.far.get_mut(at.checked_sub(Pages::<T>::NEAR)?),
            near => near,
        }
    }

    pub(super) fn push(&mut self, value: T) {
        if self.near.len() < Pages::<T>::NEAR {
            self.near.push(value);
        } else {
            self.far.push(value);
        }
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.far.pop().or_else(|| self.near.pop())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.near.iter().chain(self.far.pages.iter().flatten())
    }

    pub(super) fn shrink(&mut self) {
        self.far.shrink();
        if self.near.len() < self.near.capacity() / 4 {
            self.near.shrink_to(self.near.len() * 2);
        }
    }

    #[cfg(test)]
    pub(super) fn allocated(&self) -> usize {
        self.near.capacity() * size_of::<T>() + self.far.allocated()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_pages_never_moves_and_goes_back_page_by_page() {
        let mut pages = Pages::new();
        let mut addresses = Vec::new();
        for n in 0..10 * Pages::<usize>::PAGE {
            pages.push(n);
            addresses.push(std::ptr::from_ref(pages.get(n).expect("it was pushed")));
        }
        assert_eq!(pages.get(10 * Pages::<usize>::PAGE), None);
        for (n, address) in addresses.into_iter().enumerate() {
            let now = pages.get(n).expect("it was pushed");
            assert_eq!((now, std::ptr::from_ref(now)), (&n, address));
        }
        for n in (0..10 * Pages::<usize>::PAGE).rev() {
            assert_eq!((pages.pop(), pages.len()), (Some(n), n));
            assert!(pages.pages.len() <= n / Pages::<usize>::PAGE + 2);
        }
        assert_eq!(pages.pop(), None);
        pages.shrink();
        assert_eq!(pages.allocated(), 0);
    }
}
