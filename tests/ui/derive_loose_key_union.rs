//! What can't be a loose key, and attributes that are none.

use lruheap::LooseKey;

#[derive(LooseKey)]
union Number {
    a: u32,
    b: f32,
}

#[derive(LooseKey)]
#[loose_key(path = lruheap)]
struct Attribute(u8);

fn main() {
    let _ = Number { a: 1 };
    let _ = Attribute(1);
}
