//! Servers for the tests, each a process of its own that ends with the test.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::contract::until;

/// A folder that is removed in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = format!("lruheap-{:016x}", fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a folder for the test");
        Folder(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A port that nobody listens at, nor at the one that a node of a cluster adds.
pub(crate) fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
        let port = listener.local_addr().expect("it has an address").port();
        if port < 55_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}

/// A `redis-server` on a port of this machine.
pub(crate) struct Server {
    pub(crate) port: u16,
    options: Vec<String>,
    folder: Folder,
    child: Option<Child>,
}

impl Server {
    /// Starts one and waits until it answers. The options are those of its command line.
    pub(crate) fn start(options: &[&str]) -> Self {
        let mut server = Server::prepare(options);
        server.resume();
        server
    }

    /// One that does not run yet.
    pub(crate) fn prepare(options: &[&str]) -> Self {
        Server {
            port: free_port(),
            options: options.iter().copied().map(String::from).collect(),
            folder: Folder::new(),
            child: None,
        }
    }

    /// Starts it again, at the same port, with the same folder.
    pub(crate) fn resume(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string()]);
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(self.folder.path());
        command.args(&self.options);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn();
        self.child = Some(child.expect("these tests need a `redis-server`: install one"));
        until("the server listens", || {
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends it a signal: `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("it runs").id();
        let status = Command::new("sh")
            .args(["-c", &format!("kill -{name} {id}")])
            .status();
        assert!(status.expect("a shell").success());
        // A signal that stops takes a moment.
        let state = format!("/proc/{id}/stat");
        if name == "STOP" && cfg!(target_os = "linux") {
            let has_stopped = || {
                let state = std::fs::read_to_string(&state).expect("it is there");
                let state = state.rsplit(") ").next().map(|rest| rest.starts_with('T'));
                state == Some(true)
            };
            while !has_stopped() {
                std::thread::yield_now();
            }
        }
    }

    /// The address of database 0.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A plain connection.
    pub(crate) fn connection(&self) -> ::redis::Connection {
        let client = ::redis::Client::open(self.url()).expect("an address");
        client
            .get_connection_with_timeout(Duration::from_secs(5))
            .expect("it answers")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
