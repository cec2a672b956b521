//! What has no serde can't be shared: said once, at the type.

use lruheap::lru_cache;

#[derive(Clone)]
struct Course;

#[lru_cache(shared)]
fn value(n: u64) -> Course {
    let _ = n;
    Course
}

#[lru_cache(shared(ttl = 300))]
fn list(n: u64) -> Vec<Course> {
    let _ = n;
    Vec::new()
}

#[lru_cache(shared)]
fn ok(n: u64) -> Result<Course, String> {
    let _ = n;
    Ok(Course)
}

#[lru_cache(shared, tags("courses"))]
async fn later(n: u64) -> Course {
    let _ = n;
    Course
}

fn main() {
    value(1);
    value::cache_info();
    list(1);
    list::cache_clear();
    let _ = ok(1);
    let _ = later(1);
}
