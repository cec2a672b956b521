//! Processes: each scenario has one of its own, because a process connects to one store
//! once; and has others to share with.

use std::any::type_name;
use std::io::{BufRead, BufReader, Read, Write, stdin, stdout};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

use crate::common::{self, watchdog};
use crate::servers::signal;

/// Says that a process is one of a scenario.
const SCENARIO: &str = "LRUHEAP_TEST_SCENARIO";

/// Says that a process is one of those that a scenario shares with, and where the store is.
const PEER: &str = "LRUHEAP_TEST_PEER";

/// What the lines begin with that a test says in the end.
const SAID: &str = "measured: ";

/// Runs a scenario in a process of its own. It is to be all that the test does.
pub(crate) fn alone<F: FnOnce()>(scenario: F) {
    if std::env::var_os(SCENARIO).is_some() {
        end_with_parent();
        let _watchdog = watchdog();
        return scenario();
    }
    let name = type_name::<F>().trim_end_matches("::{{closure}}");
    let (_, name) = name.split_once("::").expect("it is in a module");
    let mut child = this(name)
        .env(SCENARIO, name)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let group = format!("-{}", child.id());
    // While this is open, the other lives.
    let _alive = child.stdin.take();
    let output = child.wait_with_output().expect("it ends");
    // Whatever it has started.
    signal("KILL", &group);
    let said = String::from_utf8_lossy(&output.stdout);
    for line in said.lines().filter(|line| line.starts_with(SAID)) {
        println!("{line}");
    }
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Says something that whoever reads the output of the tests may want to know.
pub(crate) fn say(what: &str) {
    println!("\n{SAID}{what}");
}

/// One test of this program.
fn this(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this is one"));
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command.env("RUST_BACKTRACE", "0");
    command
}

/// However the parent ends, no process of this group outlives it.
fn end_with_parent() {
    thread::spawn(|| {
        let _ = stdin().read_to_end(&mut Vec::new());
        signal("KILL", "0");
    });
}

/// Another process with the same functions and the same store. It does what it is told, line
/// by line.
pub(crate) struct Peer {
    pub(crate) child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    pub(crate) fn start(url: &str) -> Self {
        let mut child = this("alone::peer")
            .env(PEER, url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let input = child.stdin.take().expect("it is a pipe");
        let output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let mut peer = Peer {
            child,
            input,
            output,
        };
        assert_eq!(peer.answer(), "connected");
        peer
    }

    pub(crate) fn tell(&mut self, what: &str) {
        writeln!(self.input, "{what}").expect("it listens");
    }

    pub(crate) fn answer(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            let len = self.output.read_line(&mut line).expect("it is text");
            assert!(len > 0, "the other process has ended");
            if let Some(answer) = line.strip_prefix("> ") {
                return answer.trim_end().to_owned();
            }
        }
    }

    pub(crate) fn ask(&mut self, what: &str) -> String {
        self.tell(what);
        self.answer()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says something to the scenario.
pub(crate) fn answer(what: &str) {
    let mut out = stdout().lock();
    let _ = write!(out, "\n> {what}\n");
    let _ = out.flush();
}

/// The other processes. Does nothing where the whole of the tests runs.
#[test]
fn peer() {
    let Ok(url) = std::env::var(PEER) else {
        return;
    };
    let _watchdog: common::Watchdog = watchdog();
    lruheap::shared::connect(&url).expect("an address");
    answer("connected");
    for line in stdin().lines() {
        let line = line.expect("it is text");
        let words: Vec<&str> = line.split(' ').collect();
        answer(&crate::functions::told(&words));
    }
}
