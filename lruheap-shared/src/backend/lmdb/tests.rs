//! What the store on this machine promises beyond the contract.

use super::*;
use crate::folder::tests::Temporary;

fn open(folder: &Path, size: u64) -> Lmdb {
    Lmdb::open(folder, size, "lmdb:test", Timing::default()).expect("a store")
}

#[test]
fn it_holds_what_a_backend_promises() {
    fastrand::seed(7);
    let folder = Temporary::new();
    super::super::contract::holds(&open(&folder.0, 1 << 20), Duration::ZERO);
}
