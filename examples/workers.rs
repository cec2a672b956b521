//! A web server of several processes, which share what they have computed.
//!
//! ```text
//! cargo run --release --features shared,redis --example workers -- --workers 4 --port 8000
//! curl -i localhost:8000/                  # which worker answers, it says in `X-Worker`
//! curl -i localhost:8000/get_cache_info
//! ```
//!
//! With `--shared off` every worker computes for itself, and counts for itself. `--shared URL`
//! names a store (`lmdb:/tmp/courses`, `redis://localhost/`); without it `LRUHEAP_SHARED` does,
//! or else the results are in the user's cache folder.
//!
//! What is memoized, and for how long, is in `workers/courses.rs`.

#[path = "workers/courses.rs"]
mod courses;
#[path = "workers/database.rs"]
mod database;
#[path = "workers/http.rs"]
mod http;
#[path = "workers/routes.rs"]
mod routes;

use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio, exit};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

const USAGE: &str = "\
usage: workers [--workers N] [--port PORT] [--shared off|URL] [--data FOLDER] [--delay MS] [--tied]

Serves a catalogue of courses from N processes (4) on PORT (8000; 0: any that is free). Its
database is in FOLDER, and takes MS milliseconds (10) for a question. --tied: ends when its
standard input does.";

/// What the server was told.
struct Options {
    workers: usize,
    port: u16,
    shared: Option<String>,
    data: PathBuf,
    delay: Duration,
    is_tied: bool,
    /// In a worker, which one it is.
    worker: Option<usize>,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Options {
            workers: 4,
            port: 8000,
            shared: None,
            data: env::temp_dir().join("lruheap-workers"),
            delay: Duration::from_millis(10),
            is_tied: false,
            worker: None,
        };
        while let Some(name) = words.next() {
            let mut value = || words.next().ok_or(format!("{name} of what?"));
            match name.as_str() {
                "--workers" => options.workers = value()?.parse()?,
                "--port" => options.port = value()?.parse()?,
                "--shared" => options.shared = Some(value()?),
                "--data" => options.data = value()?.into(),
                "--delay" => options.delay = Duration::from_millis(value()?.parse()?),
                "--tied" => options.is_tied = true,
                "--worker" => options.worker = Some(value()?.parse()?),
                _ => return Err(format!("what is {name}?").into()),
            }
        }
        Ok(options)
    }
}

fn main() {
    let options = Options::read(env::args().skip(1)).unwrap_or_else(|error| {
        eprintln!("{error}\n\n{USAGE}");
        exit(2)
    });
    if options.is_tied {
        end_with_stdin();
    }
    let done = match options.worker {
        Some(worker) => work(worker, &options),
        None => run(&options),
    };
    if let Err(error) = done {
        eprintln!("workers: {error}");
        exit(1);
    }
}

/// The standard input of a worker is a pipe that the first process holds: however that ends, the
/// pipe is closed, and no worker is left behind.
fn end_with_stdin() {
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        exit(0);
    });
}

/// The first process: starts the workers, and ends as soon as one of them has ended.
fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // Nobody is accepted here: this keeps the port for the workers.
    let reserved = bind(options.port)?;
    let address = reserved.local_addr()?.as_socket();
    let port = address.ok_or("no port")?.port();

    let (ended, end) = mpsc::channel();
    for number in 0..options.workers {
        let mut worker = start(number, port, options)?;
        // The next one starts when this one is ready, so that the first alone asks the database.
        let mut ready = String::new();
        if let Some(stdout) = &mut worker.stdout {
            BufReader::new(stdout).read_line(&mut ready)?;
        }
        if ready.is_empty() {
            return Err(format!("worker {number} did not start: {}", worker.wait()?).into());
        }
        print!("worker {number}: {ready}");
        let ended = ended.clone();
        thread::spawn(move || {
            // What waits closes the standard input: the pipe stays here.
            let _pipe = worker.stdin.take();
            let _ = ended.send((number, worker.wait()));
        });
    }
    println!("{} workers on http://localhost:{port}/", options.workers);
    println!("try /course/7, /status, /get_cache_info");
    let (number, status) = end.recv()?;
    Err(format!("worker {number} has ended: {}", status?).into())
}

fn start(number: usize, port: u16, options: &Options) -> io::Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    command
        .args(["--tied", "--worker", &number.to_string()])
        .args(["--port", &port.to_string()])
        .args(["--delay", &options.delay.as_millis().to_string()])
        .arg("--data")
        .arg(&options.data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if let Some(shared) = &options.shared {
        command.args(["--shared", shared]);
    }
    command.spawn()
}

/// A worker: the same program once more.
fn work(number: usize, options: &Options) -> Result<(), Box<dyn Error>> {
    // Before the first call of a memoized function. Without a word about it, that connects to
    // the store by itself.
    match options.shared.as_deref() {
        Some("off") => lruheap::shared::connect("null:")?,
        Some(url) => lruheap::shared::connect(url)?,
        None => {}
    }
    database::open(&options.data, options.delay)?;

    let begin = Instant::now();
    let found = courses::warm_up()?;
    let socket = bind(options.port)?;
    socket.listen(128)?;
    println!(
        "ready after {:.1?}: {} results from other processes, {} from the database",
        begin.elapsed(),
        found.shared,
        found.computed
    );
    http::serve(&TcpListener::from(socket), number, routes::answer)
}

/// A socket that shares its port with others of this user: the system spreads connections
/// over those who listen.
fn bind(port: u16) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    Ok(socket)
}
