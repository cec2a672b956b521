//! The example `workers` with real processes: what each of them computes, and what it finds.

#![cfg(unix)]

mod common;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use common::watchdog;
use serde_json::Value;

/// A folder for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("shared-workers-{name}-{}", std::process::id());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder can be made");
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The server. It ends when this is dropped, and by itself when the test does.
struct Server {
    process: Child,
    stdout: BufReader<ChildStdout>,
    said: String,
    port: u16,
}

impl Server {
    fn start(workers: usize, shared: &str, folder: &Folder) -> Self {
        let test = env::current_exe().expect("a test has a path");
        let target = test.ancestors().nth(2).expect("it is in target/debug/deps");
        let program = target.join("examples/workers");
        assert!(
            program.exists(),
            "{} is not built: `cargo build --features shared --example workers`",
            program.display()
        );
        let mut process = Command::new(program)
            .args(["--tied", "--port", "0", "--delay", "1", "--shared", shared])
            .args(["--workers", &workers.to_string(), "--data"])
            .arg(folder.0.join("data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let stdout = process.stdout.take().expect("it is piped");
        let mut server = Server {
            process,
            stdout: BufReader::new(stdout),
            said: String::new(),
            port: 0,
        };
        let port = loop {
            let mut line = String::new();
            if server.stdout.read_line(&mut line).expect("it speaks UTF-8") == 0 {
                let errors = server.errors();
                panic!("it has ended: {}{errors}", server.said);
            }
            server.said.push_str(&line);
            if let Some((_, port)) = line.split_once("localhost:") {
                break port.trim().trim_end_matches('/').parse();
            }
        };
        server.port = port.expect("a port");
        server
    }

    /// What it and its workers have complained of, once all of them have ended: each has the
    /// other end of this pipe.
    fn errors(&mut self) -> String {
        let mut errors = String::new();
        if let Some(mut stderr) = self.process.stderr.take() {
            stderr.read_to_string(&mut errors).expect("UTF-8");
        }
        errors
    }

    /// A connection to each worker, in their order.
    fn meet(&self, workers: usize) -> Vec<Connection> {
        let mut met: Vec<Option<Connection>> = (0..workers).map(|_| None).collect();
        for _ in 0..1000 {
            let mut connection = Connection::open(self.port);
            let worker = connection.get("/get_cache_info").worker;
            met[worker].get_or_insert(connection);
            if met.iter().all(Option::is_some) {
                return met.into_iter().flatten().collect();
            }
        }
        panic!("a worker is never met: {}", self.said);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Connection(BufReader<TcpStream>);

struct Answer {
    status: u16,
    worker: usize,
    body: Value,
}

impl Connection {
    fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
        stream.set_nodelay(true).expect("it is a socket");
        Connection(BufReader::new(stream))
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    fn post(&mut self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, body)
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let len = body.len();
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len}\r\n\r\n{body}");
        let stream = self.0.get_mut();
        stream.write_all(request.as_bytes()).expect("it is read");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).expect("an answer"), 0, "{head}");
        }
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
            number.unwrap_or_else(|| panic!("{name} in {head}"))
        };
        let mut body = vec![0; header("Content-Length:")];
        self.0.read_exact(&mut body).expect("the whole answer");
        Answer {
            status: u16::try_from(header("HTTP/1.1")).expect("three digits"),
            worker: header("X-Worker:"),
            body: serde_json::from_slice(&body).expect("it is JSON"),
        }
    }

    /// Hits, misses, maxsize and currsize of `/`, at this worker.
    fn counters(&mut self) -> [u64; 4] {
        let answer = self.get("/get_cache_info").body;
        ["Hits", "Misses", "Maxsize", "Currsize"]
            .map(|name| answer[name].as_u64().expect("a number"))
    }
}

fn lmdb(folder: &Folder) -> String {
    let path = folder.0.join("store");
    format!("lmdb:{}?size=16MiB&deadline=10s", path.display())
}

#[test]
fn without_sharing_each_worker_computes_for_itself() {
    let (_dog, folder) = (watchdog(), Folder::new("off"));
    let server = Server::start(2, "off", &folder);
    let mut workers = server.meet(2);
    assert_eq!(workers[0].get("/").status, 200);
    assert_eq!(workers[0].counters(), [0, 1, 2, 1]);
    assert_eq!(workers[1].counters(), [0, 0, 2, 0]);
    assert_eq!(workers[1].get("/").status, 200);
    assert_eq!(workers[1].counters(), [0, 1, 2, 1]);
}

#[test]
fn what_one_worker_has_computed_is_a_hit_for_the_other() {
    let (_dog, folder) = (watchdog(), Folder::new("hit"));
    let server = Server::start(2, &lmdb(&folder), &folder);
    let mut workers = server.meet(2);
    let first = workers[0].get("/").body;
    assert_eq!(workers[0].counters(), [0, 1, 2, 1]);
    assert_eq!(workers[1].counters(), [0, 0, 2, 0]);
    assert_eq!(workers[1].get("/").body, first);
    assert_eq!(workers[1].counters(), [1, 0, 2, 1]);
    let status = workers[1].get("/status").body;
    assert_eq!(status["store"]["backend"], "lmdb");
    assert_eq!(status["store"]["is_up"], true);
    assert_eq!(status["caches"]["popular"]["shared_hits"], 1);
}

#[test]
fn one_worker_warms_up_for_all() {
    let (_dog, folder) = (watchdog(), Folder::new("warm"));
    let server = Server::start(3, &lmdb(&folder), &folder);
    let said: Vec<&str> = server.said.lines().collect();
    let ends = [
        ": 0 results from other processes, 101 from the database",
        ": 101 results from other processes, 0 from the database",
        ": 101 results from other processes, 0 from the database",
    ];
    for (worker, end) in ends.iter().enumerate() {
        assert!(
            said[worker].starts_with(&format!("worker {worker}: ready after ")),
            "{said:?}"
        );
        assert!(said[worker].ends_with(end), "{said:?}");
    }
}

#[test]
fn after_an_enrolment_no_worker_shows_the_old_one() {
    let (_dog, folder) = (watchdog(), Folder::new("enrol"));
    let server = Server::start(3, &lmdb(&folder), &folder);
    let mut workers = server.meet(3);
    let mut enrolled: Vec<u64> = Vec::new();
    for round in 0..30 {
        for worker in &mut workers {
            assert_eq!(
                worker.get("/enrolment/ada").body,
                Value::from(&enrolled[..])
            );
        }
        let course = 1 + round as u64;
        let path = format!("/enrol/ada/{course}");
        assert_eq!(workers[round % 3].post(&path, "").status, 200);
        enrolled.push(course);
    }
    // Renamed courses, with two caches that know of them.
    for round in 0..9 {
        let title = format!("Alchemy {round}");
        assert_eq!(workers[round % 3].post("/course/7", &title).status, 200);
        for worker in &mut workers {
            assert_eq!(worker.get("/course/7").body["title"], title);
            assert_eq!(worker.get("/catalogue").body[6], title);
        }
    }
}

#[test]
fn each_kind_of_page_is_there() {
    let (_dog, folder) = (watchdog(), Folder::new("pages"));
    let server = Server::start(1, &lmdb(&folder), &folder);
    let worker = &mut server.meet(1)[0];
    assert_eq!(worker.get("/certificate/ada/7").status, 404);
    assert_eq!(worker.post("/enrol/ada/7", "").status, 200);
    let certificate = worker.get("/certificate/ada/7").body;
    assert_eq!(certificate["course"], "Course 7");
    assert_eq!(worker.get("/schedule/monday").status, 200);
    assert_eq!(worker.get("/schedule/sunday").status, 404);
    assert_eq!(worker.get("/course/0").status, 404);
    assert_eq!(worker.get("/course/x").status, 400);
    assert_eq!(worker.post("/enrol/ada/1000", "").status, 404);
    assert_eq!(worker.get("/nowhere").status, 404);
}

#[test]
fn however_the_server_ends_no_worker_is_left() {
    let (_dog, folder) = (watchdog(), Folder::new("end"));
    for how in ["killed", "asked to end", "left by its parent"] {
        let mut server = Server::start(2, &lmdb(&folder), &folder);
        let mut connection = server.meet(2).remove(0);
        match how {
            "killed" => server.process.kill().expect("it is ours"),
            "asked to end" => {
                let id = server.process.id().to_string();
                let kill = Command::new("kill").args(["-TERM", &id]).status();
                assert!(kill.expect("there is `kill`").success());
            }
            _ => drop(server.process.stdin.take()),
        }
        // Ends when all have closed it.
        assert_eq!(server.errors(), "", "{how}");
        let rest = connection.0.read(&mut [0]);
        assert!(matches!(rest, Ok(0) | Err(_)), "{how}: {rest:?}");
        assert!(
            TcpStream::connect(("127.0.0.1", server.port)).is_err(),
            "{how}"
        );
    }
}
