//! Another process that uses a store, for tests: this program once more, which does what it
//! is told line by line; and what stores that share a machine have to show with it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::contract::until;
use super::{Backend, Key, Name, Token};

const FOLDER: &str = "LRUHEAP_TEST_FOLDER";
const LONG: Duration = Duration::from_secs(100);

/// A process that obeys.
pub(crate) struct Other {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Other {
    /// Starts one, in which the ignored test `test` calls [`obey`].
    pub(crate) fn start(test: &str, folder: &Path) -> Self {
        Other::start_as(test, folder, |_| ()).expect("another process")
    }

    /// Starts one in which no file may be larger than so many kilobytes.
    pub(crate) fn start_limited(test: &str, folder: &Path, kilobytes: u64) -> Self {
        let limit = format!("{}", kilobytes * 1024);
        Other::start_as(test, folder, |command| {
            command.env("LRUHEAP_TEST_LIMIT", limit);
        })
        .expect("another process")
    }

    /// Starts one that is somehow different.
    pub(crate) fn start_as(
        test: &str,
        folder: &Path,
        change: impl FnOnce(&mut Command),
    ) -> std::io::Result<Self> {
        // A file that is too large is an error, and no signal.
        let program = std::env::current_exe()?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#])
            .arg(program)
            .args([test, "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut other = Other {
            child,
            stdin: stdin.expect("a pipe"),
            stdout: BufReader::new(stdout.expect("a pipe")),
        };
        match other.read() {
            Some(ready) if ready == "ready" => Ok(other),
            answer => Err(std::io::Error::other(format!("{answer:?}"))),
        }
    }

    fn read(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(answer) = line.trim_end().strip_prefix("= ") {
                return Some(answer.to_owned());
            }
        }
    }

    /// Has something done, and gives the answer.
    pub(crate) fn ask(&mut self, what: &str) -> String {
        self.tell(what);
        self.read().expect("an answer")
    }

    /// Has something done.
    pub(crate) fn tell(&mut self, what: &str) {
        writeln!(self.stdin, "{what}").expect("it listens");
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("it is there");
    }

    /// Ends it with no chance to tidy up.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is there");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// For [`Other::start_as`]: one who may write to nothing that is not everybody's.
pub(crate) fn as_nobody(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    if rustix::process::geteuid().is_root() {
        command.uid(65_534);
    }
}

fn say(answer: &str) {
    println!("\n= {answer}");
}

/// Opens a store and does what it is told; at once over if this is no other process.
pub(crate) fn obey<B: Backend>(open: impl FnOnce(&Path) -> Result<B, crate::Error>) {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    limit(
        std::env::var("LRUHEAP_TEST_LIMIT")
            .ok()
            .and_then(|it| it.parse().ok()),
    );
    let store = match open(Path::new(&folder)) {
        Ok(store) => store,
        Err(error) => return say(&format!("{error:?}")),
    };
    say("ready");
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split(' ').collect();
        let result = answer(&store, &words);
        say(&result.unwrap_or_else(|error| format!("{error:?}")));
    }
}

fn limit(bytes: Option<u64>) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Fsize).maximum;
    let current = bytes.or(maximum);
    setrlimit(Resource::Fsize, Rlimit { current, maximum }).expect("a limit");
}

fn answer(store: &dyn Backend, words: &[&str]) -> Result<String, crate::Error> {
    let number = |at: usize| words[at].parse::<u128>().expect("a number");
    let small = |at: usize| words[at].parse::<u64>().expect("a number");
    let millis = |at: usize| Duration::from_millis(small(at));
    let (key, name) = (|at| Key(number(at)), |at| Name(number(at)));
    Ok(match words[0] {
        "set" => {
            let value = words[2].repeat(words.get(3).map_or(1, |it| it.parse().expect("a number")));
            format!("{:?}", store.set(key(1), value.as_bytes(), LONG, None)?)
        }
        "set_with" => {
            let lease = Some(Token(small(3)));
            format!("{:?}", store.set(key(1), words[2].as_bytes(), LONG, lease)?)
        }
        "get" => match store.get(key(1), &[])?.entry {
            Some((value, _)) => String::from_utf8_lossy(&value).into_owned(),
            None => "-".into(),
        },
        "remove" => format!("{:?}", store.remove(key(1))?),
        "generation" => format!("{}", store.generation(&[name(1)])?[0]),
        "advance" => format!("{}", store.advance(&[name(1)])?[0]),
        "notify" => format!("{}", store.notify(name(1))?),
        "watch" => format!("{}", store.watch(name(1)).load(Ordering::Acquire)),
        "lease" => format!("{}", store.lease(key(1), Token(small(2)), millis(3))?),
        "renew" => format!("{}", store.renew(key(1), Token(small(2)), millis(3))?),
        "release" => format!("{:?}", store.release(key(1), Token(small(2)))?),
        "limit" => {
            limit(None);
            "()".into()
        }
        // Until it is killed.
        "hammer" => {
            for round in 0_u128.. {
                let key = Key(u128::MAX - round % 100);
                let _ = store.set(key, &[7; 3000], LONG, None);
                let _ = store.get(key, &[]);
                let _ = store.lease(key, Token(1), LONG);
            }
            String::new()
        }
        _ => panic!("{words:?}"),
    })
}

/// What one process does, the other sees: values, generations, watches, leases.
pub(crate) fn shares(store: &dyn Backend, other: &mut Other) {
    let value = |key| {
        let entry = store.get(Key(key), &[]).expect("it answers").entry;
        entry.map(|(value, _)| String::from_utf8_lossy(&value).into_owned())
    };
    assert_eq!(other.ask("get 1"), "-");
    store
        .set(Key(1), b"mine", LONG, None)
        .expect("it takes a value");
    assert_eq!(other.ask("get 1"), "mine");
    assert_eq!(other.ask("set 1 theirs"), "()");
    assert_eq!(value(1).as_deref(), Some("theirs"));
    assert_eq!(other.ask("remove 1"), "()");
    assert_eq!(value(1), None);

    let name = Name(5);
    let generation = || store.generation(&[name]).expect("it answers")[0].to_string();
    let before = generation();
    assert_eq!(other.ask("generation 5"), before);
    let cell = store.watch(name);
    let watched = cell.load(Ordering::Acquire).to_string();
    assert_ne!(other.ask("advance 5"), before, "it gives the new one");
    assert_eq!(other.ask("notify 5"), watched);
    assert_ne!(cell.load(Ordering::Acquire).to_string(), watched);
    assert_ne!(generation(), before);
    let (before, watched) = (generation(), cell.load(Ordering::Acquire));
    store.advance(&[name]).expect("it answers");
    assert_eq!(store.notify(name), Ok(watched));
    assert_ne!(other.ask("generation 5"), before);
    assert_ne!(other.ask("watch 5"), watched.to_string());

    assert_eq!(store.lease(Key(2), Token(1), LONG), Ok(true));
    assert_eq!(other.ask("lease 2 2 1000"), "false");
    assert_eq!(other.ask("renew 2 2 1000"), "false");
    assert_eq!(other.ask("release 2 2"), "()");
    assert_eq!(other.ask("lease 2 2 1000"), "false");
    store.release(Key(2), Token(1)).expect("it answers");
    assert_eq!(other.ask("lease 2 2 100000"), "true");
    assert_eq!(store.lease(Key(2), Token(1), LONG), Ok(false));
    assert_eq!(other.ask("set_with 2 done 2"), "()");
    assert_eq!(store.lease(Key(2), Token(1), LONG), Ok(true));
}

/// The lease of one that was stopped ends, and what it does later is not for that lease.
pub(crate) fn outlives_the_stopped(store: &dyn Backend, other: &mut Other) {
    use rustix::process::Signal;
    assert_eq!(other.ask("lease 3 1 300"), "true");
    other.signal(Signal::STOP);
    assert_eq!(store.lease(Key(3), Token(2), LONG), Ok(false));
    until("the lease ends", || {
        store.lease(Key(3), Token(2), LONG) == Ok(true)
    });
    other.signal(Signal::CONT);
    assert_eq!(other.ask("renew 3 1 300"), "false");
    assert_eq!(other.ask("set_with 3 late 1"), "()");
    assert_eq!(store.renew(Key(3), Token(2), LONG), Ok(true));
}

/// What was acknowledged is there when the process that wrote it was killed.
pub(crate) fn outlives_the_killed(store: &dyn Backend, other: &mut Other) {
    for key in 1000..1100 {
        assert_eq!(other.ask(&format!("set {key} v{key}")), "()");
    }
    other.kill();
    for key in 1000..1100 {
        let entry = store.get(Key(key), &[]).expect("it answers").entry;
        let value = entry.map(|(value, _)| String::from_utf8_lossy(&value).into_owned());
        assert_eq!(value, Some(format!("v{key}")));
    }
}

/// Whoever is killed or stopped in the midst of writing keeps nobody for long.
pub(crate) fn is_not_kept_by_others(
    store: &dyn Backend,
    deadline: Duration,
    start: impl Fn() -> Other,
) {
    use rustix::process::Signal;
    for round in 0..6 {
        let mut other = start();
        other.tell("hammer");
        std::thread::sleep(Duration::from_millis(50 + round * 7));
        if round % 2 == 0 {
            other.kill();
        } else {
            other.signal(Signal::STOP);
        }
        for key in 0..20 {
            let begin = Instant::now();
            let set = store.set(Key(key), b"x", LONG, None);
            let got = store.get(Key(key), &[]).expect("it answers").entry;
            let took = begin.elapsed();
            assert!(took < deadline * 4 + Duration::from_millis(500), "{took:?}");
            assert!(set.is_err() || got.is_some());
        }
        if round % 2 == 1 {
            other.signal(Signal::CONT);
            other.kill();
        }
        until("all is well again", || {
            store.set(Key(1), b"x", LONG, None).is_ok()
        });
    }
}
