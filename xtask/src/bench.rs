//! Runs the benches one after the other, and writes what they say into `docs/benchmarks.md`.

use std::fmt::Write as _;
use std::process::Command;
use std::{env, fs, thread};

use crate::rows::{Row, parse, table};
use crate::scratch::Scratch;
use crate::{Failure, Outcome, bars, build_time, cargo, repository, run};

const DOCUMENT: &str = "docs/benchmarks.md";

/// The file that a bench adds its rows to.
const ROWS: &str = "LRUHEAP_BENCH_ROWS";

/// Few rounds, for a look at whether all is well.
const QUICK: &str = "LRUHEAP_BENCH_QUICK";

/// The bench that asks for features.
const SHARED: &str = "shared";

/// The benches, and what each asks. The last is no bench of cargo's.
const QUESTIONS: [(&str, &str); 8] = [
    (
        "hits",
        "A hit: 256 hot keys, maxsize 1024. With several threads, all ask one cache for the same \
         keys. `ttl` is a time to live, `tti` one since the last hit. `&str` is a text of 25 bytes; \
         whoever asks for a `String` pays for it. A method's cache is a field of its struct. With \
         `scope = thread` there is a cache for each thread.",
    ),
    (
        "misses",
        "A miss with an eviction: maxsize 1024, and keys that come round again long after they were \
         evicted; with two threads, each has its own. Coalesced: of callers that miss on one key at \
         once, one runs the body (`cached` with `sync_writes = \"by_key\"`).",
    ),
    (
        "zipf",
        "Zipf 1.0 over 10,000 keys, maxsize 1024, a body that is next to nothing; with two threads, \
         each draws for itself. A trace is gone through once, on one thread.",
    ),
    (
        "recursion",
        "fib(2000), modulo 2^64, from caches without a bound that were cleared before; in a thread \
         with a stack of 256 MiB. The bare map is a `HashMap` of the standard library.",
    ),
    (
        "memory",
        "Caches for 100,000 entries `u64 → u64`, filled one by one: the bytes of an entry beyond its \
         key and its value, and of the cache before. Of a function that was never called, the \
         counters were asked for, where it has any. Then, how often a hit allocates.",
    ),
    (
        "growth",
        "Caches without a bound, as they grow: the mean of a miss (a look-up and an insertion), of a \
         hit, and the slowest insertion among those that fill the last nine tenths.",
    ),
    (
        SHARED,
        "What `shared` costs. A hit in memory is as in `hits`, beside the same function without \
         `shared`, and LMDB for its store. A hit in the store is one of a function with `maxsize = \
         0`, whose value is a struct of 1 KB (or as many bytes): of LMDB beside decoding it; of a \
         `redis-server` on the same machine beside a look-up in `cached`'s store, and beside `GET` \
         on a plain connection and decoding the same. A miss is of keys that nobody has asked for, \
         and of a body that returns at once; an invalidation is `cache_remove` of a result that is \
         there.",
    ),
    (
        build_time::QUESTION,
        "A first `cargo build` of a program with one memoized function; and what one more function \
         adds to the stripped release program and to its build (a share of the difference between \
         51 functions and one, the dependencies being built).",
    ),
];

/// With names, runs those and prints; without, runs all and writes the document.
pub(crate) fn bench(names: &[&str]) -> Outcome {
    if names.is_empty() {
        return write_document();
    }
    let is_known = |name: &&str| QUESTIONS.iter().any(|(known, _)| known == name);
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        let known = QUESTIONS.map(|(name, _)| name).join(", ");
        return Err(Failure::new(format!(
            "there is no bench `{unknown}`, but {known}"
        )));
    }
    for name in names {
        if *name == build_time::QUESTION {
            build_time::build_time()?;
        } else {
            run(of_cargo(name))?;
        }
    }
    Ok(())
}

/// Builds all benches of cargo and runs none.
pub(crate) fn build() -> Outcome {
    run(cargo(&["bench", "--no-run", "--workspace"]))?;
    // Cargo leaves out what asks for features.
    let mut shared = of_cargo(SHARED);
    shared.arg("--no-run");
    run(shared)
}

/// The command that runs a bench, with the features that it asks for and no others: what is
/// measured is what users build.
fn of_cargo(name: &str) -> Command {
    let mut bench = cargo(&["bench", "--bench", name]);
    if name == SHARED {
        bench.args(["--features", "shared,redis"]);
    }
    bench
}

fn write_document() -> Outcome {
    let scratch = Scratch::new("bench")?;
    let file = scratch.0.join("rows");
    for (name, _) in QUESTIONS {
        if name != build_time::QUESTION {
            let mut bench = of_cargo(name);
            bench.env(ROWS, &file);
            run(bench)?;
        }
    }
    let mut rows = parse(&fs::read_to_string(&file)?)?;
    rows.extend(build_time::measure()?);

    let path = repository().join(DOCUMENT);
    fs::create_dir_all(path.parent().expect("a folder"))?;
    fs::write(&path, document(&machine()?, &rows))?;
    println!("{}", bars::table(&rows));
    println!("written: {DOCUMENT}");
    Ok(())
}

/// What a reader has to know of where the figures come from.
type Machine = Vec<(&'static str, String)>;

fn document(machine: &Machine, rows: &[Row]) -> String {
    let mut document = "# Benchmarks\n\n\
        Written by `cargo xtask bench`, not to be edited.\n\n| | |\n| --- | --- |\n"
        .to_owned();
    for (what, value) in machine {
        let _ = writeln!(document, "| {what} | {value} |");
    }
    document.push_str(
        "\nAll subjects of a line ran in one process, in short rounds that took turns; the figures \
         are medians, the time of a round that of its slowest thread, and behind a figure stands its \
         ratio to ours: more than 1 × is slower, or larger, than lruheap. Rounds in which some thread \
         came late or was away are left out; where too few remain, a question mark stands. Every call \
         goes through the same indirection. `moka`, `quick_cache`, and `lru` and `schnellru` behind a mutex of \
         `parking_lot` are put round a function by hand: a look-up, on a miss the body and an \
         insertion. `cached` is its `#[cached]`, and sharded its `#[concurrent_cached]`. `memoize` \
         has a cache for each thread unless it is called shared. The bare map is a `hashbrown` map \
         with `foldhash` in a `thread_local!`, which neither evicts nor counts: the limit. The clock \
         of lruheap is the one that tests can move (feature `testing`), which users do not build.\n\n\
         ## Bars\n\n\
         The best of the peers is the fastest that does the same: a cache for each thread \
         (`memoize`, the bare map) is no peer of one that threads share, as it does something \
         else.\n\n",
    );
    document.push_str(&bars::table(rows));
    for (name, question) in QUESTIONS {
        let of_question = |row: &&Row| row.question == name;
        let rows: Vec<Row> = rows.iter().filter(of_question).cloned().collect();
        let _ = write!(document, "\n## {name}\n\n{question}\n\n{}", table(&rows));
    }
    document
}

fn machine() -> Result<Machine, Failure> {
    let lock = fs::read_to_string(repository().join("Cargo.lock"))?;
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let quick = env::var_os(QUICK).map(|_| ", a quick look: few rounds, no figures to rely on");
    let date = said(Command::new("date").args(["-u", "+%F"]));
    let rustc = said(Command::new("rustc").arg("--version"));
    Ok(vec![
        ("date", date + quick.unwrap_or_default()),
        (
            "CPU",
            cpu_model(&cpu).unwrap_or(env::consts::ARCH).to_owned(),
        ),
        ("cores", cores.to_string()),
        (
            "kernel",
            kernel.map_or("unknown".to_owned(), |it| it.trim().to_owned()),
        ),
        ("Rust", rustc),
        ("peers", versions(&lock).join(", ")),
    ])
}

/// What a command prints, or that this system has none.
fn said(command: &mut Command) -> String {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success());
    output.map_or("unknown".to_owned(), |output| {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    })
}

fn cpu_model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

const PEERS: [&str; 10] = [
    "cached",
    "memoize",
    "moka",
    "quick_cache",
    "lru",
    "schnellru",
    "parking_lot",
    "hashbrown",
    "foldhash",
    "redis",
];

/// The versions of the peers that `lruheap` itself depends on, out of `Cargo.lock`.
fn versions(lock: &str) -> Vec<String> {
    let unquoted = |line: &'_ str| line.trim_matches(['"', ',']).to_owned();
    let version = |peer: &&str| {
        // `"name version"` where the lock file knows several, else `"name"`.
        let head = format!("\"{peer} ");
        let one_of_several = package(lock, "lruheap").find_map(|line| line.strip_prefix(&head));
        let only = || package(lock, peer).find_map(|line| line.strip_prefix("version = "));
        let version = unquoted(one_of_several.or_else(only)?);
        Some(format!("`{peer}` {version}"))
    };
    PEERS.iter().filter_map(version).collect()
}

/// The lines on the first package of this name.
fn package<'a>(lock: &'a str, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let head = format!("name = \"{name}\"");
    let mut packages = lock.split("[[package]]");
    let found = packages.find(|package| package.lines().any(|line| line == head));
    found.unwrap_or_default().lines().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::tests::ROWS;

    #[test]
    fn the_version_is_that_of_our_own_dependency() {
        let lock = "\
            [[package]]\nname = \"lru\"\nversion = \"0.7.8\"\n\n\
            [[package]]\nname = \"lru\"\nversion = \"0.19.0\"\n\n\
            [[package]]\nname = \"lruheap\"\nversion = \"0.1.0\"\n\
            dependencies = [\n \"lru 0.19.0\",\n \"moka\",\n]\n\n\
            [[package]]\nname = \"moka\"\nversion = \"0.12.16\"\n";
        assert_eq!(versions(lock), ["`moka` 0.12.16", "`lru` 0.19.0"]);
    }

    #[test]
    fn the_lock_file_names_every_peer() {
        let lock = fs::read_to_string(repository().join("Cargo.lock")).expect("a lock file");
        assert_eq!(versions(&lock).len(), PEERS.len());
    }

    #[test]
    fn the_model_is_that_of_the_first_core() {
        let report = "processor\t: 0\nmodel name\t: A CPU: fast\n\nmodel name\t: Another\n";
        assert_eq!(cpu_model(report), Some("A CPU: fast"));
        assert_eq!(cpu_model("processor\t: 0\n"), None);
    }

    #[test]
    fn each_bench_of_cargo_is_a_question() {
        let manifest = fs::read_to_string(repository().join("Cargo.toml")).expect("a manifest");
        let benches = manifest.split("[[bench]]\nname = \"").skip(1);
        let benches: Vec<&str> = benches.filter_map(|rest| rest.split('"').next()).collect();
        let questions = QUESTIONS.map(|(name, _)| name);
        assert_eq!(benches, questions[..questions.len() - 1]);
    }

    #[test]
    fn the_document_has_a_head_the_bars_and_a_table_for_each_question() {
        let rows = parse(ROWS).expect("rows");
        let document = document(&vec![("CPU", "a fast one".to_owned())], &rows);
        assert!(document.contains("not to be edited"));
        assert!(document.contains("| CPU | a fast one |\n"));
        let headings = document.lines().filter(|line| line.starts_with("## "));
        assert_eq!(headings.count(), 1 + QUESTIONS.len());
        assert!(document.contains("\n| u64, ns | 1 | 20.0 | 25.2 (1.26 ×)"));
    }
}
