//! Stores on this machine: one that is too small, one whose folder goes away, one with
//! garbage in it.

use std::path::Path;

use lruheap::shared::{connect, status};

use crate::alone::{Peer, alone};
use crate::functions::{
    BOUND, RUNS, change, forget, is_shared_again, later, right, right_later, value,
};
use crate::servers::Folder;
use std::sync::atomic::Ordering;

fn connected(scheme: &str, parameters: &str) -> Folder {
    let folder = Folder::new();
    let path = folder.path().display();
    connect(&format!("{scheme}:{path}{parameters}")).expect("there is room");
    is_shared_again();
    folder
}

#[test]
fn lmdb_with_far_more_than_it_has_room_for() {
    alone(|| {
        let _folder = connected("lmdb", "?size=1MiB");
        for x in 0..6_000 {
            right(x);
            if x % 10 == 0 {
                right_later(x);
            }
            if x % 7 == 0 {
                change(x / 2);
            }
        }
        forget();
        for x in 0..6_000 {
            right(x);
        }
        let (info, tasks) = (value::cache_info(), later::cache_info());
        assert_eq!(
            (info.shared_errors, tasks.shared_errors),
            (0, 0),
            "{info:?}"
        );
        assert!(info.shared_hits > 0, "some are there: {info:?}");
        assert!(status().used.unwrap_or_default() <= 1 << 20);
        is_shared_again();
    });
}

fn removed(scheme: &str) {
    let folder = connected(scheme, "");
    let mut peer = Peer::start(&format!("{scheme}:{}", folder.path().display()));
    for x in 0..20 {
        right(x);
        right_later(x);
        assert_eq!(peer.ask(&format!("value {x}")), "0");
    }
    std::fs::remove_dir_all(folder.path()).expect("it is there");
    for round in 0..20 {
        for x in 0..20 {
            let time = right(x).max(right_later(x));
            assert!(time < BOUND, "{time:?}");
        }
        change(round);
        right(round);
        right_later(round);
        forget();
    }
    // One that starts now makes a store of its own.
    let mut new = Peer::start(&format!("{scheme}:{}", folder.path().display()));
    assert_eq!(new.ask("change 1 7"), "7");
    for x in 0..20 {
        right(x);
        right_later(x);
    }
    assert_eq!(peer.ask("value 30"), "0");
}

#[test]
fn lmdb_whose_folder_is_removed() {
    alone(|| removed("lmdb"));
}

#[test]
fn files_whose_folder_is_removed() {
    alone(|| removed("file"));
}

/// The files of entries: those in folders within the store's.
fn entries(folder: &Path, is_top: bool, found: &mut Vec<std::path::PathBuf>) {
    for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = file.path();
        if path.is_dir() {
            entries(&path, false, found);
        } else if !is_top {
            found.push(path);
        }
    }
}

#[test]
fn files_that_are_damaged() {
    alone(|| {
        let folder = connected("file", "");
        let mut rng = fastrand::Rng::with_seed(7);
        for round in 0..30 {
            for x in 0..10 {
                right(x);
                right_later(x);
            }
            let mut files = Vec::new();
            entries(folder.path(), true, &mut files);
            assert!(files.len() >= 20, "{files:?}");
            for file in files {
                let Ok(mut bytes) = std::fs::read(&file) else {
                    continue;
                };
                let len = bytes.len();
                match round % 4 {
                    _ if len == 0 => {}
                    0 => bytes[rng.usize(..len)] ^= 1 << rng.u8(..8),
                    1 => bytes.truncate(rng.usize(..len)),
                    2 => bytes.iter_mut().for_each(|byte| *byte = rng.u8(..)),
                    _ => bytes.extend((0..50).map(|_| rng.u8(..))),
                }
                let _ = std::fs::write(&file, bytes);
            }
            let runs = RUNS.load(Ordering::SeqCst);
            forget();
            for x in 0..10 {
                right(x);
                right_later(x);
                if round % 3 == 0 {
                    change(x);
                    right(x);
                }
            }
            if round % 4 == 2 {
                assert!(RUNS.load(Ordering::SeqCst) >= runs + 20, "all ran again");
            }
            forget();
        }
        is_shared_again();
    });
}
