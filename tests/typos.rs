//! The typos example on folders good and bad.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

fn typos(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--example", "typos", "--"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs")
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

#[test]
fn a_missing_folder_is_one_clear_line_and_exit_code_2() {
    let run = typos(&["/no/such/folder"]);
    assert_eq!(run.status.code(), Some(2));
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("/no/such/folder"), "{said}");
}

#[test]
fn a_rare_neighbour_of_a_frequent_word_is_reported_with_its_place() {
    let folder = folder("typos-found");
    let text = format!("{}\nan evicton happened\n", "eviction ".repeat(30));
    fs::write(folder.join("text.md"), text).expect("the file can be written");
    let run = typos(&[&folder.to_string_lossy()]);
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(said.contains("text.md:2: evicton -> eviction"), "{said}");
    assert!(
        said.contains("nearest: CacheInfo(hits=29, misses=3, maxsize=20000"),
        "{said}"
    );
    assert!(said.contains("hit rate 90.6 %"), "{said}");
    assert!(said.contains("times as long"), "{said}");
}

#[test]
fn files_that_are_not_utf_8_are_named_and_skipped() {
    let folder = folder("typos-skipped");
    fs::write(folder.join("latin.txt"), b"caf\xe9").expect("the file can be written");
    let run = typos(&["--no-cache", &folder.to_string_lossy()]);
    assert!(run.status.success());
    let complained = String::from_utf8_lossy(&run.stderr);
    assert!(
        complained.contains("latin.txt") && complained.contains("UTF-8"),
        "{complained}"
    );
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(said.contains("0 read, 0 binary, 1 skipped"), "{said}");
    assert!(
        said.contains("nearest: CacheInfo(hits=0, misses=0"),
        "{said}"
    );
}
