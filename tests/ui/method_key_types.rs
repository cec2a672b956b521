//! What identifies the instance is a key like any other.

use std::collections::HashMap;

use lruheap::lru_cache;

struct NoKey;

struct User {
    id: u64,
    weight: f64,
    table: HashMap<u8, u8>,
}

impl User {
    fn no_key(&self) -> NoKey {
        NoKey
    }

    #[lru_cache]
    fn float(#[key(self.weight)] &self) -> u64 {
        self.id
    }

    #[lru_cache]
    fn map(#[key(self.table.clone())] &self, n: u64) -> u64 {
        self.id + n
    }

    #[lru_cache]
    fn own(#[key((self.id, self.no_key()))] &self) -> u64 {
        self.id
    }

    #[lru_cache]
    fn no_field(#[key(self.ident)] &self) -> u64 {
        self.id
    }

    #[lru_cache]
    fn not_in_scope(#[key(id)] &self) -> u64 {
        self.id
    }
}

fn main() {
    let user = User { id: 1, weight: 1.0, table: HashMap::new() };
    user.float();
    user.float_cache().cache_info();
    user.map(1);
    user.map_cache().cache_info();
    user.own();
    user.own_cache().cache_info();
    user.no_field();
    user.no_field_cache().cache_info();
    user.not_in_scope();
    user.not_in_scope_cache().cache_info();
}
