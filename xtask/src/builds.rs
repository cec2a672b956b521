//! Builds of their own: another system, the model checker, the sanitizers.

use std::process::Command;

use crate::{Outcome, cargo, host_triple, repository, run};

/// The engine as it is where the system has no coarse clock, and takes no part in fences.
pub(crate) fn plain_system() -> Outcome {
    let flags = "--cfg lruheap_exact_clock --cfg lruheap_real_fences";
    let mut lints = cargo(&["clippy", "--package", "lruheap-core", "--all-targets"]);
    lints.args(["--target-dir", "target/plain-system"]);
    lints.args(["--all-features", "--", "-D", "warnings"]);
    lints.env("RUSTFLAGS", flags);
    run(lints)?;
    let mut tests = cargo(&["test", "--package", "lruheap-core", "--lib"]);
    tests.args(["--target-dir", "target/plain-system", "--all-features"]);
    tests.env("RUSTFLAGS", flags);
    run(tests)
}

/// Loom takes the place of the standard library's atomics, so it is a build of its own.
pub(crate) fn loom() -> Outcome {
    let mut models = cargo(&["test", "--package", "lruheap-core", "--lib", "--release"]);
    // One at a time: the names of gates are the same for all, and a model is to find them
    // as it left them.
    models.args(["--target-dir", "target/loom", "loom_"]);
    models.args(["--", "--test-threads=1"]);
    models.env("RUSTFLAGS", "--cfg loom");
    run(models)
}

/// What instances and their caches are put through. The tests that count memory have an allocator
/// of their own, in which the tools' would be lost.
const SANITIZED: [&str; 7] = [
    "methods",
    "methods_controls",
    "methods_counted",
    "methods_drops",
    "methods_hosts",
    "methods_invalidate",
    "methods_invalidate_receivers",
];

/// Tests by the million take too long under either tool, and those that wait for an address to be
/// given out again wait in vain: the tools hold freed memory back.
const SKIPPED: [&str; 4] = ["--skip", "million", "--skip", "starts_anew"];

/// Tests of long runs and many threads, which take turns under valgrind.
const CROWDED: [&str; 6] = [
    "--skip",
    "leaning",
    "--skip",
    "phases",
    "--skip",
    "come_and_go",
];

/// The engine.
const CORE: [&str; 3] = ["--package", "lruheap-core", "--lib"];

/// The nightly cargo. Not the cargo that runs this: the toolchain is chosen by whoever is
/// asked first.
fn nightly(arguments: &[&str]) -> Command {
    let mut cargo = Command::new("rustup");
    cargo.args(["run", "nightly", "cargo"]).args(arguments);
    cargo.current_dir(repository());
    cargo.env_remove("RUSTC").env_remove("RUSTDOC");
    cargo
}

pub(crate) fn sanitize() -> Outcome {
    let triple = host_triple()?;
    let tests: Vec<&str> = SANITIZED.iter().flat_map(|test| ["--test", test]).collect();

    let suite = |of: &[&str]| {
        let mut suite = nightly(&["test", "--target", &triple]);
        suite
            .args(["--target-dir", "target/asan"])
            .args(of)
            .arg("--")
            .args(SKIPPED);
        suite.env("RUSTFLAGS", "-Zsanitizer=address");
        suite
    };
    run(suite(&tests))?;
    run(suite(&CORE))?;

    // Its standard library has to be watched too: else what that orders looks like a race.
    let mut suite = nightly(&["test", "-Zbuild-std", "--target", &triple]);
    suite.args(["--target-dir", "target/tsan"]);
    suite.args(CORE).arg("--").args(SKIPPED);
    suite.env("RUSTFLAGS", "-Zsanitizer=thread");
    run(suite)?;

    let mut suite = nightly(&["miri", "test", "--target-dir", "target/miri"]);
    suite.args(CORE).arg("--").args(["gate::", "touches::"]);
    run(suite)?;

    let runner = format!(
        "CARGO_TARGET_{}_RUNNER",
        triple.replace('-', "_").to_uppercase()
    );
    for of in [&tests[..], &CORE] {
        let mut suite = cargo(&["test", "--target-dir", "target/valgrind"]);
        suite.args(of).arg("--").args(SKIPPED).args(CROWDED);
        // What is reachable from statics at the end is no leak.
        suite.env(&runner, "valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite");
        run(suite)?;
    }
    Ok(())
}
