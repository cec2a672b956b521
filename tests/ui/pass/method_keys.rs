//! What a key expression on the receiver may be: it borrows what it names, and is
//! owned where a result is stored.
#![deny(warnings)]

use std::rc::Rc;
use std::sync::Arc;

use lruheap::lru_cache;

struct User {
    id: u64,
    name: String,
}

impl User {
    #[lru_cache]
    fn moved(#[key(self.name)] &self, n: usize) -> usize {
        self.name.len() + n
    }

    #[lru_cache]
    fn borrowed(#[key(&self.name)] &self, n: usize) -> usize {
        self.name.len() + n
    }

    #[lru_cache]
    fn slice(#[key(self.name.as_str())] &self, n: usize) -> usize {
        self.name.len() + n
    }

    #[lru_cache]
    fn pair(#[key((self.id, self.name.clone()))] &self) -> usize {
        self.name.len()
    }

    #[lru_cache]
    fn long_form(#[key(self.id)] self: &Self) -> usize {
        self.name.len()
    }

    #[lru_cache]
    fn of_arc(#[key(self.id)] self: Arc<Self>) -> usize {
        self.name.len()
    }

    #[lru_cache(scope = thread)]
    fn of_rc(#[key(skip)] self: &Rc<Self>) -> usize {
        self.name.len()
    }
}

fn main() {
    let user = User { id: 1, name: "abc".into() };
    assert_eq!((user.moved(1), user.borrowed(1), user.slice(1)), (4, 4, 4));
    assert_eq!((user.pair(), user.long_form()), (3, 3));
    assert_eq!(user.moved_cache().cache_info().misses, 1);
    assert_eq!(user.long_form_cache().cache_info().misses, 1);
    assert_eq!(Arc::new(User { id: 1, name: String::new() }).of_arc(), 0);
    assert_eq!(Rc::new(user).of_rc(), 3);
}
