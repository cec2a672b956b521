//! The chores of this repository: `cargo xtask <command>`.
//!
//! What belongs here: cargo commands in the order a change has to pass them, and checks that need
//! the output of cargo itself (how many crates a user builds, how long that takes, what a package
//! contains) or of the benches (tables of what they measured). What doesn't: anything a `#[test]`
//! or a bench can hold, any knowledge of how the library works, and any dependency: this has to
//! build at once on a bare machine.

mod bars;
mod bench;
mod build_time;
mod builds;
mod rows;
mod scratch;
mod servers;

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

const USAGE: &str = "\
Usage: cargo xtask <command>

Commands:
  test        the whole suite of the workspace, then the examples; installs the servers that tests
              start (Debian: redis-server, memcached), or says that they are missing
  ci          all that a change has to pass: format, lints, docs, test, the same on a system without
              a coarse clock or a part in fences, loom, benches, crates, packages
  loom        the models of what is lock-free or unsafe, under every interleaving of their threads
  sanitize    the tests of methods and of the engine under AddressSanitizer (asks for a nightly
              Rust: `rustup toolchain install nightly`) and valgrind (`apt install valgrind`), the
              engine's under ThreadSanitizer, and those of its gate under Miri (for both `rustup
              component add miri rust-src --toolchain nightly`); Linux
  bench       all benches, one after the other, and what they say in docs/benchmarks.md; or those that
              are named (`bench hits builds`), which writes nothing
  build-time  how long a first build with lruheap takes, and what one more function adds to a build
              and to a program, side by side with `cached`
  help        this text
";

/// How many crates a user of `lruheap` builds at most, `lruheap` itself among them.
const MAX_CRATES: usize = 15;

/// The crates that are published, in the order in which they have to be.
const PUBLISHED: [&str; 4] = [
    "lruheap-core",
    "lruheap-macros",
    "lruheap-shared",
    "lruheap",
];

/// What each of them has to contain.
const PACKAGED: [&str; 4] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/lib.rs"];

/// How long the fuzz tests and the stress test run; they have short defaults of their own.
const SECONDS: [&str; 2] = ["LRUHEAP_FUZZ_SECONDS", "LRUHEAP_STRESS_SECONDS"];
const SECONDS_IN_CI: &str = "60";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["test"] => test(&[]),
        ["ci"] => ci(),
        ["loom"] => builds::loom(),
        ["sanitize"] => builds::sanitize(),
        ["bench", ref names @ ..] => bench::bench(names),
        ["build-time"] => build_time::build_time(),
        ["help" | "-h" | "--help"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(Failure {
            message: USAGE.to_owned(),
            code: 2,
        }),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.message.trim_end());
            ExitCode::from(failure.code)
        }
    }
}

// --- Commands ---

/// `long` names the tests that are to run as long as in CI.
fn test(long: &[&str]) -> Outcome {
    servers::install()?;
    let mut suite = cargo(&["test", "--workspace", "--all-features"]);
    suite.envs(long.iter().map(|seconds| (seconds, SECONDS_IN_CI)));
    run(suite)?;
    run(cargo(&["run", "--release", "--example", "quickstart"]))?;
    run(cargo(&["run", "--release", "--example", "methods"]))?;
    let mut typos = cargo(&["run", "--release", "--example", "typos", "--"]);
    typos.arg(repository().join("src"));
    run(typos)
}

fn ci() -> Outcome {
    run(cargo(&["fmt", "--all", "--check"]))?;
    lint()?;
    document()?;
    let is_unset = |seconds: &&str| env::var_os(seconds).is_none();
    let long: Vec<&str> = SECONDS.into_iter().filter(is_unset).collect();
    test(&long)?;
    builds::plain_system()?;
    builds::loom()?;
    bench::build()?;
    check_crates()?;
    check_packages()
}

fn host_triple() -> Result<String, Failure> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc")));
    rustc.args(["--version", "--verbose"]);
    let version = capture(rustc)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Failure::new("rustc does not say its host".to_owned()))
}

// --- What `ci` checks ---

fn lint() -> Outcome {
    let mut clippy = cargo(&["clippy", "--workspace", "--all-targets", "--all-features"]);
    clippy.args(["--", "-D", "warnings"]);
    run(clippy)?;
    // And as most users build it: without any feature, or with the one.
    for features in ["", "shared"] {
        let mut plain = cargo(&["clippy", "-p", "lruheap", "-p", "lruheap-core", "--lib"]);
        plain.args(["-p", "lruheap-shared", "--features", features]);
        plain.args(["--", "-D", "warnings"]);
        run(plain)?;
    }
    Ok(())
}

fn document() -> Outcome {
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    run(doc)
}

fn check_crates() -> Outcome {
    let crates = crates_built(cargo(&["tree", "-p", "lruheap"]))?;
    let count = crates.len();
    if count > MAX_CRATES {
        let list: Vec<String> = crates.into_iter().collect();
        return Err(Failure::new(format!(
            "lruheap makes its users build {count} crates, but at most {MAX_CRATES} are allowed:\n  {}",
            list.join("\n  ")
        )));
    }
    eprintln!("  {count} crates, at most {MAX_CRATES} are allowed");
    Ok(())
}

fn check_packages() -> Outcome {
    for package in PUBLISHED {
        // What a package contains doesn't depend on whether it is committed yet.
        let list = ["package", "--list", "--allow-dirty", "-p", package];
        let listing = capture(cargo(&list))?;
        print!("{listing}");
        for file in PACKAGED {
            // On Windows, cargo lists paths in the notation of the system.
            if !listing.lines().any(|line| line.replace('\\', "/") == file) {
                return Err(Failure::new(format!(
                    "the package {package} lacks {file}; look at `include` in its Cargo.toml"
                )));
            }
        }
    }
    Ok(())
}

/// The distinct crates of a `cargo tree`, as `name version`: what is compiled on this machine for
/// the package and its build scripts and macros, without what only its tests need.
fn crates_built(mut tree: Command) -> Result<BTreeSet<String>, Failure> {
    tree.args(["-e", "normal,build", "--prefix", "none"]);
    Ok(distinct_crates(&capture(tree)?))
}

fn distinct_crates(tree: &str) -> BTreeSet<String> {
    // A line is `name version`, then a path or remarks such as `(proc-macro)` and `(*)`.
    tree.lines()
        .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>())
        .filter(|words| words.len() == 2)
        .map(|words| words.join(" "))
        .collect()
}

// --- Running cargo ---

type Outcome = Result<(), Failure>;

/// Why xtask stops, and its exit code.
#[derive(Debug)]
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    fn new(message: String) -> Self {
        Self { message, code: 1 }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}

fn repository() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask lies in the repository")
}

/// The cargo that runs this program, or the one on the path, at the root of the repository.
fn cargo(arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments).current_dir(repository());
    command
}

fn run(mut command: Command) -> Outcome {
    eprintln!("$ {}", Shown(&command));
    let status = command.status()?;
    succeeded(&command, status)
}

/// Runs the command and hands back what it prints; what it says on stderr is shown.
fn capture(mut command: Command) -> Result<String, Failure> {
    eprintln!("$ {}", Shown(&command));
    let output = command.stderr(Stdio::inherit()).output()?;
    succeeded(&command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn succeeded(command: &Command, status: ExitStatus) -> Outcome {
    if status.success() {
        return Ok(());
    }
    // Without a code, a signal ended it.
    let code = status.code().and_then(|code| code.try_into().ok());
    Err(Failure {
        message: format!("failed ({status}): {}", Shown(command)),
        code: code.unwrap_or(1),
    })
}

/// A command as one would type it.
struct Shown<'a>(&'a Command);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.0.get_envs() {
            let value = value.unwrap_or_default();
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            write!(f, "{name}='{value}' ")?;
        }
        let program = Path::new(self.0.get_program());
        let name = program.file_name().unwrap_or(program.as_os_str());
        f.write_str(&name.to_string_lossy())?;
        for argument in self.0.get_args() {
            write!(f, " {}", argument.to_string_lossy())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_counted_once_a_version() {
        let tree = "\
            lruheap v0.1.0 (/somewhere/lruheap)\n\
            lruheap-macros v0.1.0 (proc-macro) (/somewhere/lruheap/lruheap-macros)\n\
            quote v1.0.0\n\
            quote v1.0.0 (*)\n\
            syn v2.0.0\n\
            syn v3.0.0\n\
            \n";
        let crates = distinct_crates(tree);
        let crates: Vec<&str> = crates.iter().map(String::as_str).collect();
        assert_eq!(
            crates,
            [
                "lruheap v0.1.0",
                "lruheap-macros v0.1.0",
                "quote v1.0.0",
                "syn v2.0.0",
                "syn v3.0.0",
            ]
        );
    }

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut doc = cargo(&["doc", "--no-deps"]);
        doc.env("RUSTDOCFLAGS", "-D warnings");
        let shown = Shown(&doc).to_string();
        assert_eq!(shown, "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }
}
