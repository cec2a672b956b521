//! One of the processes: it calls what it is told to on its standard input, and says on its
//! standard output what comes of it.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, OnceLock};
use std::{panic, process, thread};

use lruheap::{CacheInfo, lru_cache, shared};

pub(crate) const FOLDER: &str = "LRUHEAP_TEST_FOLDER";
pub(crate) const ADDRESS: &str = "LRUHEAP_TEST_ADDRESS";

fn folder() -> PathBuf {
    env::var_os(FOLDER).expect("a child has a folder").into()
}

fn namespace() -> String {
    folder().display().to_string()
}

/// A line that the test hears: what the harness has begun to write ends before.
fn say(word: &str, what: &str) {
    let mut stdout = stdout().lock();
    let _ = write!(stdout, "\n= {word} {what}\n");
    let _ = stdout.flush();
}

/// Bodies that wait go on when the test says so, once for each time that it does.
static GOES: Mutex<u32> = Mutex::new(0);
static GO: Condvar = Condvar::new();

/// The body of something has begun.
fn begin() {
    let runs = folder().join("runs");
    let mut options = OpenOptions::new();
    let runs = options.append(true).create(true).open(runs);
    runs.and_then(|mut runs| runs.write_all(b"run\n"))
        .expect("the folder is there");
}

fn wait() {
    say("body", "");
    let mut goes = GO
        .wait_while(GOES.lock().unwrap(), |goes| *goes == 0)
        .unwrap();
    *goes -= 1;
}

/// The process's own, so that it can be told who has computed.
fn own(key: u32) -> u32 {
    key * 1_000_000 + process::id() % 1_000_000
}

#[lru_cache(shared(ttl = 600, namespace = namespace()))]
fn plain(key: u32) -> u32 {
    begin();
    own(key)
}

#[lru_cache(tags("seven"), shared(ttl = 600, namespace = namespace()))]
fn held(key: u32) -> u32 {
    begin();
    wait();
    own(key)
}

/// How many bodies have begun so far; even numbers are not kept.
#[lru_cache(cache_if = |count| count % 2 == 1, shared(ttl = 600, namespace = namespace()))]
fn odd(_key: u32) -> usize {
    begin();
    let runs = std::fs::read_to_string(folder().join("runs"));
    runs.expect("it is there").lines().count()
}

#[derive(Debug)]
enum Refusal {
    Shared(#[allow(dead_code)] shared::Error),
    Unlucky,
}

impl From<shared::Error> for Refusal {
    fn from(error: shared::Error) -> Self {
        Refusal::Shared(error)
    }
}

#[lru_cache(shared(ttl = 600, namespace = namespace(), once = at_most_once))]
fn strict(key: u32) -> Result<u32, Refusal> {
    begin();
    wait();
    if key == 13 {
        return Err(Refusal::Unlucky);
    }
    Ok(key)
}

/// What both players write to and read from.
static DATABASE: OnceLock<File> = OnceLock::new();

fn database() -> &'static File {
    DATABASE.get_or_init(|| {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        options
            .open(folder().join("database"))
            .expect("the folder is there")
    })
}

#[lru_cache(tags("latest"), shared(ttl = 600, namespace = namespace()))]
fn latest(key: u32) -> u32 {
    use std::os::unix::fs::FileExt;
    let mut number = [0; 4];
    database()
        .read_exact_at(&mut number, u64::from(key) * 4)
        .expect("it was written before");
    // Others get on meanwhile.
    thread::yield_now();
    u32::from_be_bytes(number)
}

/// Writes a number, and has all know that there is another.
fn write(key: u32, number: u32) {
    use std::os::unix::fs::FileExt;
    database()
        .write_all_at(&number.to_be_bytes(), u64::from(key) * 4)
        .expect("the folder is there");
    // Each player has every other turn.
    match number / 2 % 6 {
        0 => latest::cache_clear(),
        1 => drop(lruheap::invalidate_tag("latest")),
        2 => latest::cache_insert(key, number),
        3 => assert_eq!(latest::cache_refresh(key), number),
        _ => drop(latest::cache_remove(key)),
    }
    // Others find it in the store then, and what they have in memory is of before.
    if number % 5 < 2 {
        assert_eq!(latest(key), number, "its own");
    }
}

/// Writes and reads in turns with another; says how many reads were stale. Meanwhile so many
/// threads of this process read all the time, and so begin before and end after any write.
fn play(stream: TcpStream, turns: u32, readers: u32, is_first: bool) {
    let is_over = AtomicBool::new(false);
    let stale = thread::scope(|scope| {
        for reader in 0..readers {
            let is_over = &is_over;
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    latest(reader % 2);
                }
            });
        }
        let stale = take_turns(stream, turns, is_first);
        is_over.store(true, Ordering::Relaxed);
        stale
    });
    say("stale", &stale.to_string());
}

fn take_turns(mut stream: TcpStream, turns: u32, is_first: bool) -> u32 {
    stream.set_nodelay(true).expect("it is a socket");
    let mut reader = BufReader::new(stream.try_clone().expect("it is a socket"));
    let mut stale = 0;
    for turn in 1..=turns {
        let key = turn / 100 % 2;
        if (turn % 2 == 1) == is_first {
            write(key, turn);
            stream.write_all(b"\n").expect("the other reads");
        } else {
            let mut line = String::new();
            let read = reader.read_line(&mut line).expect("the other writes");
            assert_eq!(read, 1, "the other has ended");
            // The second is a hit in memory.
            for _ in 0..2 {
                stale += u32::from(latest(key) != turn);
            }
        }
    }
    stale
}

fn info(function: &str) -> CacheInfo {
    match function {
        "plain" => plain::cache_info(),
        "held" => held::cache_info(),
        "strict" => strict::cache_info(),
        other => panic!("what is {other}?"),
    }
}

#[test]
#[ignore = "one of the processes of the tests beside"]
fn one_process() {
    let Ok(address) = env::var(ADDRESS) else {
        return;
    };
    // Whoever waits for this one is to hear of it.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        hook(panicked);
        process::abort();
    }));
    shared::connect(&address).expect("the store can be opened");
    say("ready", "");
    let mut listener = None;
    for line in stdin().lock().lines() {
        let line = line.expect("the test speaks UTF-8");
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].parse::<u32>().expect("a number");
        // What may wait does so elsewhere.
        match words[0] {
            "go" => {
                *GOES.lock().unwrap() += 1;
                GO.notify_one();
            }
            "plain" => {
                let key = number(1);
                thread::spawn(move || say("called", &plain(key).to_string()));
            }
            "held" => {
                let key = number(1);
                thread::spawn(move || say("called", &held(key).to_string()));
            }
            "odd" => say("called", &odd(number(1)).to_string()),
            "refresh_odd" => say("called", &odd::cache_refresh(number(1)).to_string()),
            "refresh" => {
                let key = number(1);
                thread::spawn(move || say("called", &held::cache_refresh(key).to_string()));
            }
            "strict" => {
                let key = number(1);
                thread::spawn(move || say("called", &format!("{:?}", strict(key))));
            }
            "remove" => {
                held::cache_remove(number(1));
                say("called", "");
            }
            "clear" => {
                held::cache_clear();
                say("called", "");
            }
            "tag" => {
                lruheap::invalidate_tag(words[1]);
                say("called", "");
            }
            "insert" => {
                held::cache_insert(number(1), number(2));
                say("called", "");
            }
            "shared_hits" => say("number", &info(words[1]).shared_hits.to_string()),
            "shared_misses" => say("number", &info(words[1]).shared_misses.to_string()),
            "listen" => {
                database().set_len(8).expect("the folder is there");
                let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
                let port = socket.local_addr().expect("it is bound").port();
                listener = Some(socket);
                say("called", &port.to_string());
            }
            "ping" => {
                let listener = listener.take().expect("it listens before");
                let (turns, readers) = (number(1), number(2));
                thread::spawn(move || {
                    let (stream, _) = listener.accept().expect("another player");
                    play(stream, turns, readers, true);
                });
            }
            "pong" => {
                let (turns, readers) = (number(1), number(2));
                let stream = TcpStream::connect(format!("127.0.0.1:{}", words[3]));
                let stream = stream.expect("another player");
                thread::spawn(move || play(stream, turns, readers, false));
            }
            other => panic!("what is {other}?"),
        }
    }
}
