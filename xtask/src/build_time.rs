//! What lruheap costs at build time, side by side with `cached`: a first build, and what one more
//! memoized function adds to a build and to the program.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::rows::{Role, Row, table};
use crate::scratch::Scratch;
use crate::{Failure, Outcome, cargo, crates_built, repository, run};

/// What the rows and `cargo xtask bench` call this.
pub(crate) const QUESTION: &str = "builds";

/// Odd, so that the median is a build that took place.
const ROUNDS: usize = 3;

/// One function, and more: what one adds is a share of the difference.
const FEW: u32 = 1;
const MANY: u32 = 51;

pub(crate) fn build_time() -> Outcome {
    print!("{}", table(&measure()?));
    Ok(())
}

/// A median of [`ROUNDS`] each, the libraries taking turns.
pub(crate) fn measure() -> Result<Vec<Row>, Failure> {
    let scratch = Scratch::new("builds")?;
    let local = format!("{{ path = '{}' }}", repository().display());
    let libraries = [
        Library {
            name: "lruheap",
            role: Role::Ours,
            requirement: &local,
            attribute: "#[lruheap::lru_cache(maxsize = 128)]",
        },
        Library {
            name: "cached",
            role: Role::Peer,
            requirement: "\"4\"",
            attribute: "#[cached::macros::cached(max_size = 128)]",
        },
    ];
    let users: Vec<[User; 2]> = libraries
        .iter()
        .map(|library| {
            let user = |functions| User::new(&scratch, library, functions);
            Ok([user(FEW)?, user(MANY)?])
        })
        .collect::<Result<_, Failure>>()?;

    let mut firsts = vec![Vec::new(); users.len()];
    for _ in 0..ROUNDS {
        for ([few, _], times) in users.iter().zip(&mut firsts) {
            times.push(few.first_build()?);
        }
    }
    let mut agains = vec![[Vec::new(), Vec::new()]; users.len()];
    for round in 0..=ROUNDS {
        for (users, times) in users.iter().zip(&mut agains) {
            for (user, times) in users.iter().zip(times) {
                let time = user.release_build()?;
                // The first one builds the dependencies as well.
                times.extend((round > 0).then_some(time));
            }
        }
    }

    let mut rows = Vec::new();
    for (((library, users), first), again) in libraries.iter().zip(&users).zip(firsts).zip(agains) {
        let [few, many] = users;
        let [time_few, time_many] = again.map(|times| median(times).as_secs_f64() * 1e3);
        let [size_few, size_many] = [few.size()?, many.size()?];
        let mut row = |cell, value, unit| rows.push(library.row(cell, value, unit));
        row("a first build", median(first).as_secs_f64(), "s");
        row("a first build", few.dependencies()?, "crates");
        row("one more function: time", share(time_few, time_many), "ms");
        row(
            "one more function: program",
            share(size_few, size_many),
            "bytes",
        );
    }
    Ok(rows)
}

fn share(few: f64, many: f64) -> f64 {
    (many - few) / f64::from(MANY - FEW)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

struct Library<'a> {
    name: &'static str,
    role: Role,
    requirement: &'a str,
    attribute: &'static str,
}

impl Library<'_> {
    fn row(&self, cell: &str, value: f64, unit: &str) -> Row {
        Row {
            question: QUESTION.to_owned(),
            cell: cell.to_owned(),
            threads: 1,
            subject: self.name.to_owned(),
            role: self.role,
            value,
            unit: unit.to_owned(),
        }
    }
}

/// A throw-away program with memoized functions.
struct User {
    name: String,
    source: String,
    directory: PathBuf,
    /// Shared by the users of a library, so that what it needs is built once.
    target: PathBuf,
}

impl User {
    /// Writes the program and downloads what it needs, so that no build waits for the network.
    fn new(scratch: &Scratch, library: &Library, functions: u32) -> Result<Self, Failure> {
        let Library {
            name, requirement, ..
        } = library;
        let user = Self {
            name: format!("{name}-user-{functions}"),
            source: program(library.attribute, functions),
            directory: scratch.0.join(format!("{name}-{functions}")),
            target: scratch.0.join(format!("{name}-target")),
        };
        fs::create_dir_all(user.directory.join("src"))?;
        fs::write(
            user.directory.join("Cargo.toml"),
            format!(
                "[package]\nname = \"{}\"\nedition = \"2024\"\n\n\
                 [dependencies]\n{name} = {requirement}\n\n\
                 [profile.release]\nstrip = true\n\n[workspace]\n",
                user.name
            ),
        )?;
        user.touch()?;
        run(user.cargo(&["fetch", "--quiet"]))?;
        Ok(user)
    }

    fn touch(&self) -> Outcome {
        Ok(fs::write(self.directory.join("src/main.rs"), &self.source)?)
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo(arguments);
        command.current_dir(&self.directory);
        command
    }

    fn build(&self, arguments: &[&str]) -> Result<Duration, Failure> {
        let mut build = self.cargo(&["build", "--offline", "--quiet", "--target-dir"]);
        build.arg(&self.target).args(arguments);
        // Empty: no wrapper, so no compiler cache hands out what is to be measured.
        build.env("RUSTC_WRAPPER", "");
        let start = Instant::now();
        run(build)?;
        Ok(start.elapsed())
    }

    fn first_build(&self) -> Result<Duration, Failure> {
        if self.target.exists() {
            fs::remove_dir_all(&self.target)?;
        }
        self.build(&[])
    }

    /// A release build after a change to the program alone.
    fn release_build(&self) -> Result<Duration, Failure> {
        self.touch()?;
        self.build(&["--release"])
    }

    /// The size of the stripped program.
    fn size(&self) -> Result<f64, Failure> {
        let name = format!("{}{}", self.name, std::env::consts::EXE_SUFFIX);
        let bytes = fs::metadata(self.target.join("release").join(name))?.len();
        Ok(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)))
    }

    /// How many crates it builds besides itself.
    fn dependencies(&self) -> Result<f64, Failure> {
        let crates = crates_built(self.cargo(&["tree", "--offline"]))?.len() - 1;
        Ok(f64::from(u32::try_from(crates).unwrap_or(u32::MAX)))
    }
}

/// Memoized functions `u64 → u64` with a body each, and a call of each.
fn program(attribute: &str, functions: u32) -> String {
    let mut program = String::new();
    let mut calls = String::new();
    for n in 0..functions {
        let body = format!(
            "x.rotate_left({}).wrapping_mul({}) ^ {n}",
            n % 64,
            2 * n + 3
        );
        let _ = writeln!(
            program,
            "{attribute}\nfn nth_{n}(x: u64) -> u64 {{\n    {body}\n}}\n"
        );
        let _ = writeln!(calls, "    sum = sum.wrapping_add(nth_{n}(sum));");
    }
    program
        + "fn main() {\n    let mut sum = std::env::args().count() as u64;\n"
        + &calls
        + "    println!(\"{sum}\");\n}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let times = [9, 1, 4].map(Duration::from_secs).to_vec();
        assert_eq!(median(times), Duration::from_secs(4));
    }

    #[test]
    fn one_more_function_is_a_share_of_the_difference() {
        assert!((share(100.0, 600.0) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn each_function_has_a_body_and_is_called() {
        let program = program("#[memo]", 2);
        assert_eq!(program.matches("#[memo]\nfn nth_").count(), 2);
        assert!(
            program
                .contains("fn nth_1(x: u64) -> u64 {\n    x.rotate_left(1).wrapping_mul(5) ^ 1\n}")
        );
        assert_eq!(
            program.matches("    sum = sum.wrapping_add(nth_").count(),
            2
        );
    }
}
