//! Processes with one store, as their test sees them.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};

use super::child::{ADDRESS, FOLDER};

/// What processes of one test have in common: a store, and a folder, whose name is their
/// namespace.
pub(crate) struct Family {
    folder: PathBuf,
    address: String,
}

/// Which store.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Lmdb,
    /// What the environment says, or else the same.
    Any,
}

/// Nothing is late on a machine that is busy; what waits for a lease to end does not wait long.
const PATIENT: &str = "deadline=20s&wait=50s&lease=1s";

impl Family {
    pub(crate) fn new(name: &str) -> Self {
        Family::at(name, Place::Any)
    }

    pub(crate) fn at(name: &str, place: Place) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("shared-processes-{name}-{}-{count}", id());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder can be made");
        let named = match place {
            Place::Lmdb => None,
            Place::Any => env::var("LRUHEAP_TEST_STORE").ok(),
        };
        let lmdb = || format!("lmdb:{}?size=16MiB", folder.join("store").display());
        let address = named.unwrap_or_else(lmdb);
        let and = if address.contains('?') { '&' } else { '?' };
        Family {
            folder,
            address: format!("{address}{and}{PATIENT}"),
        }
    }

    pub(crate) fn child(&self) -> Child {
        let mut process = Command::new(env::current_exe().expect("a test has a path"))
            .args(["child::one_process", "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, &self.folder)
            .env(ADDRESS, &self.address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test starts once more");
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let mut child = Child {
            process,
            stdin: stdin.expect("it is piped"),
            stdout: BufReader::new(stdout.expect("it is piped")),
            heard: Vec::new(),
        };
        child.hear("ready");
        child
    }

    /// How often a body has begun, in any process.
    pub(crate) fn runs(&self) -> usize {
        let runs = fs::read_to_string(self.folder.join("runs"));
        runs.map_or(0, |runs| runs.lines().count())
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// One of the processes; dropped, it is killed. It ends by itself if the test does.
pub(crate) struct Child {
    process: Process,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// What it has said that nobody has asked for yet.
    heard: Vec<String>,
}

impl Child {
    pub(crate) fn tell(&mut self, what: &str) {
        writeln!(self.stdin, "{what}").expect("it reads");
    }

    /// The rest of the next line that begins with this word.
    pub(crate) fn hear(&mut self, word: &str) -> String {
        let told = |line: &String| {
            let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
            (first == word).then(|| rest.to_owned())
        };
        if let Some(at) = self.heard.iter().position(|line| told(line).is_some()) {
            return told(&self.heard.remove(at)).unwrap_or_default();
        }
        loop {
            let mut line = String::new();
            let read = self.stdout.read_line(&mut line).expect("it speaks UTF-8");
            assert_ne!(read, 0, "it has ended before it said `{word}`");
            // The rest is of the harness.
            let Some(line) = line.trim_end().strip_prefix("= ") else {
                continue;
            };
            match told(&line.to_owned()) {
                Some(rest) => return rest,
                None => self.heard.push(line.to_owned()),
            }
        }
    }

    /// Has something called, and gives the result.
    pub(crate) fn ask(&mut self, what: &str) -> String {
        self.tell(what);
        self.hear("called")
    }

    pub(crate) fn number(&mut self, what: &str) -> u32 {
        self.tell(what);
        self.hear("number").parse().expect("a number")
    }

    /// Returns when a call of this function has looked into the store in vain.
    pub(crate) fn until_it_waits(&mut self, function: &str) {
        while self.number(&format!("shared_misses {function}")) == 0 {
            std::thread::yield_now();
        }
    }

    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it is ours");
        self.process.wait().expect("it has ended");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
