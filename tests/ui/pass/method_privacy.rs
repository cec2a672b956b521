//! Hosts, traits and types that are private, in a module of their own or in a
//! function.
#![deny(warnings)]

mod private {
    use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Secret(u64);

    trait Hidden {
        fn hidden(&self, secret: Secret) -> Secret;
    }

    #[derive(CacheHost, Default)]
    pub(crate) struct Host {
        n: u64,
        caches: InstanceCaches,
    }

    impl Host {
        #[lru_cache]
        fn secret(&self, secret: Secret) -> Secret {
            Secret(secret.0 + self.n)
        }

        #[lru_cache]
        pub(crate) fn open(&self) -> u64 {
            self.secret(Secret(1)).0 + self.hidden(Secret(2)).0
        }

        #[cache_invalidate]
        pub(super) fn set(&mut self, n: u64) {
            self.n = n;
        }
    }

    #[lru_cache]
    impl Hidden for Host {
        #[lru_cache]
        fn hidden(&self, secret: Secret) -> Secret {
            Secret(secret.0 * self.n)
        }
    }

    pub mod open {
        /// The host is private, its method is not.
        #[derive(lruheap::CacheHost, Default)]
        struct Inner(lruheap::InstanceCaches);

        impl Inner {
            #[lruheap::lru_cache]
            pub fn get(&self, n: u64) -> u64 {
                n
            }
        }

        pub fn get(n: u64) -> u64 {
            Inner::default().get(n)
        }
    }
}

fn main() {
    #[derive(lruheap::CacheHost, Default)]
    struct Local {
        caches: lruheap::InstanceCaches,
    }

    impl Local {
        #[lruheap::lru_cache]
        fn double(&self, n: u64) -> u64 {
            n + n
        }
    }

    let mut host = private::Host::default();
    host.set(2);
    assert_eq!(host.open(), 7);
    assert_eq!(host.open_cache().cache_info().misses, 1);
    assert_eq!(private::open::get(1), 1);
    assert_eq!(Local::default().double(2), 4);
    assert_eq!(Local::double_caches().instances(), 0);
}
