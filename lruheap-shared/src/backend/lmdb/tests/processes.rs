//! What the store on this machine promises of other processes, and to them.

use super::super::super::other::{self, Other, obey};
use super::*;

const OTHER: &str = "backend::lmdb::tests::processes::other_process";

#[test]
#[ignore = "the other process of those below"]
fn other_process() {
    obey(|folder| try_open(folder, 2 * SIZE));
}

#[test]
fn what_one_does_the_other_sees() {
    let folder = Temporary::new();
    let store = open(&folder.0, SIZE);
    let mut other = Other::start(OTHER, &folder.0);
    other::shares(&store, &mut other);
    other::outlives_the_stopped(&store, &mut other);
    other::outlives_the_killed(&store, &mut other);
    close(&folder, store);
}

#[test]
fn what_was_acknowledged_outlives_all_processes() {
    let folder = Temporary::new();
    let mut other = Other::start(OTHER, &folder.0);
    assert_eq!(other.ask("set 1 kept"), "()");
    let generation = other.ask("generation 1");
    other.kill();
    let mut other = Other::start(OTHER, &folder.0);
    assert_eq!(other.ask("get 1"), "kept");
    assert_eq!(other.ask("generation 1"), generation);
}

#[test]
fn the_size_is_that_of_who_came_first() {
    let folder = Temporary::new();
    let store = open(&folder.0, 1 << 20);
    let mut other = Other::start(OTHER, &folder.0);
    for key in 0..100 {
        assert_eq!(other.ask(&format!("set {key} x 30000")), "()");
        assert!(value(&store, key).is_some());
    }
    let len = std::fs::metadata(file(&folder)).expect("it is there").len();
    assert!(len <= 1 << 20, "{len}");
    close(&folder, store);
}

#[test]
fn nobody_is_kept_by_one_that_was_killed_or_stopped() {
    let folder = Temporary::new();
    let mut store = open(&folder.0, SIZE);
    store.timing.deadline = Duration::from_millis(50);
    let deadline = store.timing.deadline;
    other::is_not_kept_by_others(&store, deadline, || Other::start(OTHER, &folder.0));
    close(&folder, store);
}

#[test]
fn a_disk_that_is_full_is_an_error_until_there_is_room() {
    let folder = Temporary::new();
    let mut other = Other::start_limited(OTHER, &folder.0, 600);
    let mut failed = 0;
    for key in 0..60 {
        let answer = other.ask(&format!("set {key} x 30000"));
        failed += i32::from(answer != "()");
        assert!(
            answer == "()" || answer.contains("Full") || answer.contains("Unreachable"),
            "{answer}"
        );
    }
    assert!(failed > 10, "{failed}");
    assert_eq!(
        other.ask("get 0").len(),
        30_000,
        "what was there can be read"
    );
    other.ask("limit");
    assert_eq!(other.ask("set 100 x 30000"), "()");
    assert_eq!(other.ask("get 100").len(), 30_000);
}

#[test]
fn a_folder_that_may_not_be_written_to_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Temporary::new();
    let set = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&folder.0, mode).expect("it is ours");
    };
    set(0o555);
    let error = Other::start_as(OTHER, &folder.0, other::as_nobody).map(drop);
    let error = error.expect_err("it can't write").to_string();
    set(0o755);
    // Where nobody may start this program, there is nothing to be seen.
    assert!(error.contains("Full") || !error.contains("Some"), "{error}");
}
