//! Stores on this machine when the disk is full: here a process may write no files any more.

#![cfg(target_os = "linux")]

use lruheap::shared::connect;

use crate::alone::{Peer, alone, say};
use crate::functions::{
    BOUND, change, forget, is_now, is_shared_again, later, right, right_later, value,
};
use crate::servers::{Folder, until};

/// No file of this process may be longer than this.
#[allow(unsafe_code)]
fn limit(bytes: Option<u64>) {
    let limit = libc::rlimit {
        rlim_cur: bytes.unwrap_or(libc::RLIM_INFINITY),
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: both are calls of the system that touch no memory but the limit.
    let is_set = unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit)
    };
    assert_eq!(is_set, 0, "a limit can be set");
}

fn full(scheme: &str) {
    let folder = Folder::new();
    let url = format!("{scheme}:{}", folder.path().display());
    connect(&url).expect("there is room");
    let mut peer = Peer::start(&url);
    is_shared_again();
    for x in 0..20 {
        right(x);
        right_later(x);
        assert_eq!(peer.ask(&format!("value {x}")), "0");
    }
    for most in [0, 100] {
        limit(Some(most));
        assert!(std::fs::write(folder.path().join("other"), [0; 200]).is_err());
        let mut worst = std::time::Duration::ZERO;
        for x in 0..50 {
            worst = worst.max(right(x)).max(right_later(x));
            worst = worst.max(right(100 + x)).max(right_later(100 + x));
        }
        for x in 0..10 {
            change(x);
            right(x);
            right_later(x);
            forget();
            right(x);
            right_later(x);
            // What is invalid here is invalid for others, who can write.
            is_now(x, 100 + x + most);
            peer.ask(&format!("change {x} {}", 100 + x + most));
            until("it is heard", || value(x) == 100 + x + most);
            later::cache_remove(x);
        }
        say(&format!("{scheme}, a full disk: at worst {worst:.1?}"));
        assert!(worst < BOUND, "{worst:?}");
        limit(None);
        is_shared_again();
        forget();
        for x in 0..20 {
            right(x);
            right_later(x);
        }
    }
}

#[test]
fn lmdb_on_a_full_disk() {
    alone(|| full("lmdb"));
}

#[test]
fn files_on_a_full_disk() {
    alone(|| full("file"));
}

/// One that can't even begin says so, or works without.
#[test]
fn a_store_that_can_not_be_made() {
    alone(|| {
        limit(Some(0));
        let folder = Folder::new();
        for scheme in ["lmdb", "file"] {
            let path = folder.path().join(scheme);
            let error = connect(&format!("{scheme}:{}", path.display()));
            let error = error.expect_err("there is no room");
            say(&format!("{scheme} without room: {error}"));
        }
        limit(None);
        connect(&format!("file:{}", folder.path().display())).expect("now there is");
        is_shared_again();
    });
}
