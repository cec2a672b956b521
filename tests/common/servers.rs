//! Servers for tests, each a process of its own that ends with the test, and a plain
//! connection to one. Needs `redis-server` and `memcached`.

#![allow(dead_code, unreachable_pub)] // each file uses its own part of this

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Waits until something is so, and fails if it takes too long.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}: not so");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A folder that is removed in the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("lruheap-{:016x}", fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a folder for the test");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    listener.local_addr().expect("it has an address").port()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Redis,
    Memcached,
}

/// A server on a port of this machine, with a folder.
pub struct Server {
    kind: Kind,
    pub port: u16,
    options: Vec<String>,
    folder: Folder,
    child: Option<Child>,
}

impl Server {
    /// A `redis-server` that answers. The options are those of its command line.
    pub fn redis(options: &[&str]) -> Self {
        Server::start(Kind::Redis, options)
    }

    /// A `memcached`, likewise.
    pub fn memcached(options: &[&str]) -> Self {
        Server::start(Kind::Memcached, options)
    }

    fn start(kind: Kind, options: &[&str]) -> Self {
        let mut server = Server {
            kind,
            port: free_port(),
            options: options.iter().copied().map(String::from).collect(),
            folder: Folder::new(),
            child: None,
        };
        server.resume();
        server
    }

    fn command(&self) -> Command {
        let port = self.port.to_string();
        let mut command;
        match self.kind {
            Kind::Redis => {
                command = Command::new("redis-server");
                command.args(["--port", &port, "--bind", "127.0.0.1", "--save", ""]);
                command.arg("--dir").arg(self.folder.path());
            }
            Kind::Memcached => {
                command = Command::new("memcached");
                // Root has to name a user; for others it has no meaning.
                command.args(["-l", "127.0.0.1", "-U", "0", "-u", "nobody", "-p", &port]);
            }
        }
        command.args(&self.options);
        command
    }

    /// Starts it again, at the same port, with the same folder.
    pub fn resume(&mut self) {
        let mut command = self.command();
        command.stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| {
            let (program, package) = match self.kind {
                Kind::Redis => ("redis-server", "redis-server (Debian), redis (Homebrew)"),
                Kind::Memcached => ("memcached", "memcached"),
            };
            panic!("these tests need `{program}`: install the package {package}: {error}")
        });
        self.child = Some(child);
        until("the server answers", || self.answers());
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return false;
        };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let hello: &[u8] = match self.kind {
            // Whatever it wants before it answers, it reads its data first.
            Kind::Redis => b"PING\r\n",
            Kind::Memcached => b"mn\r\n",
        };
        let mut answer = [0; 8];
        let asked = stream.write_all(hello);
        let read = asked.and_then(|()| stream.read(&mut answer));
        read.is_ok_and(|len| len > 0) && !answer.starts_with(b"-LOADING")
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it where it is.
    pub fn pause(&self) {
        self.signal("STOP");
        let id = self.id();
        // The signal is on its way until the system has stopped all of its threads.
        until("it has stopped", || {
            std::fs::read_to_string(format!("/proc/{id}/stat"))
                .map_or(true, |stat| stat.contains(") T "))
        });
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    fn signal(&self, name: &str) {
        signal(name, &self.id().to_string());
    }

    /// The address for `lruheap::shared::connect`, with parameters.
    pub fn url(&self, parameters: &str) -> String {
        let scheme = match self.kind {
            Kind::Redis => "redis",
            Kind::Memcached => "memcached",
        };
        format!("{scheme}://127.0.0.1:{}{parameters}", self.port)
    }

    /// The folder with what it keeps on the disk.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A plain connection.
    pub fn plain(&self) -> Plain {
        Plain::to(self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal to a process, or to a group of them (`-1234`).
pub fn signal(name: &str, to: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -s {name} -- {to}")])
        .stderr(Stdio::null())
        .status();
    let _ = status.expect("a shell");
}

/// A connection by which a test does to a server what users do by hand.
pub struct Plain(BufReader<TcpStream>);

/// What a Redis server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Line(String),
    Error(String),
    Bytes(Option<Vec<u8>>),
    All(Vec<Reply>),
}

impl Plain {
    pub fn to(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let patience = Some(Duration::from_secs(10));
        stream.set_read_timeout(patience).expect("it is no zero");
        Plain(BufReader::new(stream))
    }

    /// Sends a line to memcached; gives the line that it answers with.
    pub fn line(&mut self, line: &str) -> String {
        let stream = self.0.get_mut();
        write!(stream, "{line}\r\n").expect("it listens");
        self.read_line()
    }

    fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("it answers");
        line.trim_end().to_owned()
    }

    /// Sends a command to Redis.
    pub fn redis<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Reply {
        let mut out = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            let word = word.as_ref();
            out.extend(format!("${}\r\n", word.len()).bytes());
            out.extend(word);
            out.extend(b"\r\n");
        }
        self.0.get_mut().write_all(&out).expect("it listens");
        self.reply()
    }

    fn reply(&mut self) -> Reply {
        let line = self.read_line();
        let (kind, rest) = line.split_at(1);
        let count = || rest.parse::<usize>().ok();
        match kind {
            "-" => Reply::Error(rest.into()),
            "$" => Reply::Bytes(count().map(|len| {
                let mut bytes = vec![0; len + 2];
                self.0.read_exact(&mut bytes).expect("all of it");
                bytes.truncate(len);
                bytes
            })),
            "*" => Reply::All((0..count().unwrap_or(0)).map(|_| self.reply()).collect()),
            _ => Reply::Line(rest.into()),
        }
    }

    /// The keys that fit a pattern.
    pub fn keys(&mut self, pattern: &str) -> Vec<Vec<u8>> {
        let Reply::All(keys) = self.redis(&["KEYS", pattern]) else {
            panic!("not a list of keys");
        };
        keys.into_iter()
            .map(|key| match key {
                Reply::Bytes(Some(key)) => key,
                other => panic!("{other:?} is no key"),
            })
            .collect()
    }
}
