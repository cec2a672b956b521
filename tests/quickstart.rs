//! The README shows what the quickstart prints; this holds the two together.

use std::process::Command;

#[test]
fn the_quickstart_prints_what_the_readme_says() {
    let run = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--example", "quickstart"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let printed = String::from_utf8(run.stdout).expect("the quickstart prints text");

    let readme = include_str!("../README.md");
    let (_, tour) = readme
        .split_once("## The tour")
        .expect("the README has a tour");
    let (_, block) = tour
        .split_once("```text\n")
        .expect("the tour shows what is printed");
    let (shown, _) = block.split_once("```").expect("the block ends");
    assert_eq!(printed, shown);
}
