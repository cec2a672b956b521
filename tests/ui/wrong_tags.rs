//! Tags are a list of strings, which see the arguments by name.

use lruheap::lru_cache;

#[lru_cache(tags = "courses")]
fn no_list(n: u64) -> u64 {
    n
}

#[lru_cache(tags = ["courses"])]
fn brackets(n: u64) -> u64 {
    n
}

#[lru_cache(tags["courses"])]
fn brackets_alone(n: u64) -> u64 {
    n
}

#[lru_cache(tags)]
fn alone(n: u64) -> u64 {
    n
}

#[lru_cache(tags())]
fn empty(n: u64) -> u64 {
    n
}

#[lru_cache(tags("courses" "teachers"))]
fn no_comma(n: u64) -> u64 {
    n
}

#[lru_cache(tags("courses", 5, 'x'))]
fn literals(n: u64) -> u64 {
    n
}

#[lru_cache(tag = "courses")]
fn another_name(n: u64) -> u64 {
    n
}

#[lru_cache(tags("courses"), tags("teachers"))]
fn twice(n: u64) -> u64 {
    n
}

#[lru_cache(tags(format!("course:{id}"), name.clone(), "all"))]
fn in_a_pattern((id, name): (u64, String)) -> u64 {
    id + name.len() as u64
}

#[lru_cache(tags(tag_of(id).await))]
async fn waits(id: u32) -> u32 {
    id
}

#[lru_cache(tags(try_tag(id)?))]
fn leaves(id: u32) -> Option<u32> {
    Some(id)
}

async fn tag_of(id: u32) -> String {
    id.to_string()
}

fn try_tag(id: u32) -> Option<String> {
    Some(id.to_string())
}

fn main() {
    no_list(1);
    no_list::cache_info();
    brackets(1);
    brackets_alone(1);
    alone(1);
    alone::cache_info();
    empty(1);
    no_comma(1);
    literals(1);
    another_name(1);
    twice(1);
    in_a_pattern((1, String::new()));
    in_a_pattern::cache_info();
}
