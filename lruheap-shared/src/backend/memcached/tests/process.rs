//! memcached servers for tests: real ones, on free ports of this machine, which die with
//! the test.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::backend::contract::until;

/// A server.
pub(super) struct Server {
    port: u16,
    options: Vec<String>,
    child: Child,
}

fn spawn(port: u16, options: &[String]) -> Child {
    let child = Command::new("memcached")
        .args(["-l", "127.0.0.1", "-U", "0", "-u", "nobody", "-p"])
        .arg(port.to_string())
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let child = child.expect("the tests need `memcached`: install it (apt install memcached)");
    until("memcached starts", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    child
}

/// A port that nobody has.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

impl Server {
    pub(super) fn start(options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        let port = free_port();
        Server {
            port,
            child: spawn(port, &options),
            options,
        }
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it has ended");
    }

    /// On the same port, with nothing in it.
    pub(super) fn restart(&mut self) {
        self.child = spawn(self.port, &self.options);
    }

    /// Sends a signal: `STOP`, `CONT`.
    pub(super) fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status();
        assert!(done.expect("there is `kill`").success());
        // A signal that stops takes a moment.
        let state = format!("/proc/{}/stat", self.child.id());
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

    /// Says something, and waits for this answer.
    pub(super) fn say(&self, words: &str, answer: &str) {
        let mut stream = TcpStream::connect(self.address()).expect("it is there");
        stream.write_all(words.as_bytes()).expect("it listens");
        let mut read = vec![0; answer.len()];
        stream.read_exact(&mut read).expect("it answers");
        assert_eq!(String::from_utf8_lossy(&read), answer);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
