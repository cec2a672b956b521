//! `&self` on a type that is no `CacheHost`: one error for each method, whatever
//! is done with its controls.

use lruheap::{InstanceCaches, lru_cache};

struct Analyzer(Vec<i64>);

impl Analyzer {
    #[lru_cache]
    fn count(&self, threshold: i64) -> usize {
        self.0.iter().filter(|&&x| x > threshold).count()
    }
}

/// The field is there, and the derive is not.
struct Reader {
    caches: InstanceCaches,
}

impl Reader {
    #[lru_cache(maxsize = None, ttl = 60)]
    async fn read(&self, path: &str) -> Result<String, std::io::Error> {
        std::fs::read_to_string(path)
    }

    #[lru_cache]
    fn show<T: ToString + std::hash::Hash + Eq + Clone + Send + Sync + 'static>(self: &Self, value: T) -> String {
        value.to_string()
    }
}

struct Wrapper<'a, T>(&'a T);

impl<'a, T: Into<u64> + Copy> Wrapper<'a, T> {
    #[lru_cache]
    fn get(&self) -> u64 {
        (*self.0).into()
    }
}

fn main() {
    let a = Analyzer(vec![1]);
    let _: usize = a.count(0);
    a.count_cache().cache_info();
    let _: Option<usize> = a.count_cache().cache_remove((0,));
    let _: usize = a.count_cache().cache_refresh((0,));
    let _: usize = a.count_uncached(0);
    Analyzer::count_caches().cache_clear();
    let reader = Reader { caches: InstanceCaches::new() };
    reader.caches.clear();
    drop(reader.read("a"));
    drop(reader.read_refresh("a"));
    reader.read_cache().cache_clear();
    let _: String = reader.show(1);
    reader.show_cache::<u8>().cache_clear();
    Reader::show_caches::<u8>().instances();
    let _: u64 = Wrapper(&1_u8).get();
    Wrapper(&1_u8).get_cache().cache_clear();
    Wrapper::<u8>::get_caches().cache_clear();
}
