//! What can't be a loose key.

use lruheap::LooseKey;

#[derive(LooseKey)]
union Number {
    a: u32,
    b: f32,
}

struct Opaque;

#[derive(LooseKey)]
struct Wrapper {
    name: String,
    inner: Opaque,
}

#[derive(LooseKey)]
enum Either {
    Left(Opaque),
    Right { right: u8 },
}

#[derive(LooseKey)]
#[loose_key(path = lruheap)]
struct Attribute(u8);

fn main() {
    let _ = Number { a: 1 };
    let _ = Wrapper { name: String::new(), inner: Opaque };
    let _ = (Either::Left(Opaque), Either::Right { right: 1 });
    let _ = Attribute(1);
}
