//! The stores of the bench `shared`: a folder, a server, and the process that asks the server.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

/// Where the server is, in the process that is to ask it.
pub(crate) const REDIS: &str = "LRUHEAP_BENCH_REDIS";

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// A folder that is removed in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = env::temp_dir().join(format!("lruheap-bench-{}", process::id()));
        fs::create_dir(&path).expect("a folder of its own");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A `redis-server` that writes nothing down.
pub(crate) struct Server {
    port: u16,
    child: Child,
}

impl Server {
    /// Starts one and waits until it answers; else says why there is none.
    pub(crate) fn start() -> Result<Self, String> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let address = listener.and_then(|listener| listener.local_addr());
        let port = address.map_err(|error| error.to_string())?.port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => "there is no `redis-server` here; install one".to_owned(),
            _ => format!("`redis-server` can't be started: {error}"),
        })?;
        let mut server = Self { port, child };
        let begin = Instant::now();
        while !server.answers() {
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("`redis-server` has ended ({status})"));
            }
            if begin.elapsed() > PATIENCE {
                return Err("`redis-server` does not answer".to_owned());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    fn answers(&self) -> bool {
        let client = redis::Client::open(self.url());
        let connection = client.and_then(|client| client.get_connection());
        connection.is_ok_and(|mut connection| redis::cmd("PING").exec(&mut connection).is_ok())
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs this bench once more, with the server for its store.
pub(crate) fn again(server: &Server) {
    let bench = env::current_exe().expect("a bench is a program");
    let mut bench = Command::new(bench);
    bench.args(env::args_os().skip(1)).env(REDIS, server.url());
    let status = bench.status().expect("it runs already");
    assert!(status.success(), "the process that asks the server failed");
}
