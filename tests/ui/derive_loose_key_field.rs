//! A field that can't be part of a loose key is pointed at.

use lruheap::LooseKey;

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

fn main() {
    let _ = Wrapper { name: String::new(), inner: Opaque };
    let _ = (Either::Left(Opaque), Either::Right { right: 1 });
}
