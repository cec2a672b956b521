//! `#[key]` on the receiver is `skip` or an expression.

use lruheap::lru_cache;

struct User {
    id: u64,
}

impl User {
    #[lru_cache]
    fn without(#[key] &self) -> u64 {
        self.id
    }

    #[lru_cache]
    fn empty(#[key()] &self) -> u64 {
        self.id
    }

    #[lru_cache]
    fn value(#[key = self.id] &self) -> u64 {
        self.id
    }

    #[lru_cache]
    fn twice(#[key(self.id)] #[key(skip)] &self) -> u64 {
        self.id
    }

    #[lru_cache]
    fn list(#[key(self.id, skip)] &self) -> u64 {
        self.id
    }

    #[lru_cache]
    fn incomplete(#[key(self.)] &self) -> u64 {
        self.id
    }

    #[lru_cache]
    fn exclusive(#[key(self.id)] &mut self) -> u64 {
        self.id
    }

    #[lru_cache]
    fn taken(#[key(self.id)] self) -> u64 {
        self.id
    }
}

fn main() {
    let mut user = User { id: 1 };
    user.without();
    user.without_cache().cache_info();
    user.empty();
    user.value();
    user.value_cache().cache_info();
    user.twice();
    user.twice_cache().cache_info();
    user.list();
    user.list_cache().cache_clear();
    user.incomplete();
    user.incomplete_cache().cache_clear();
    user.exclusive();
    user.taken();
}
