//! A way to a server that can be bad: everything goes through here, or does not.

#![allow(dead_code, unreachable_pub)] // each file uses its own part of this

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What becomes of what the server answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// It arrives.
    Good,
    /// Connections are closed as soon as they are made.
    Closed,
    /// It arrives later.
    Slow(Duration),
    /// It never arrives.
    Mute,
    /// It arrives byte by byte.
    Drips(Duration),
    /// Connections that ask for notices are closed, the others are good.
    Deaf,
    /// What contains this arrives, and nothing that is answered on its connection after that.
    Loses(&'static str),
}

/// A port that leads to another one.
pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

struct State {
    to: u16,
    way: Mutex<Way>,
    open: Mutex<Vec<TcpStream>>,
}

impl State {
    fn way(&self) -> Way {
        *self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let state = Arc::new(State {
            to: port,
            way: Mutex::new(Way::Good),
            open: Mutex::default(),
        });
        let own = Arc::clone(&state);
        let port = listener.local_addr().expect("it has one").port();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let _ = own.lead(&client);
            }
        });
        Proxy { port, state }
    }

    /// From now on it is like this, for what is open as well.
    pub fn is(&self, way: Way) {
        *self.state.way.lock().expect("nobody panics there") = way;
    }

    /// Closes what is open.
    pub fn cut(&self) {
        for stream in self.state.open.lock().expect("nobody panics").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl State {
    fn lead(self: &Arc<Self>, client: &TcpStream) -> std::io::Result<()> {
        if self.way() == Way::Closed {
            return client.shutdown(Shutdown::Both);
        }
        let server = TcpStream::connect(("127.0.0.1", self.to))?;
        for stream in [client, &server] {
            stream.set_nodelay(true)?;
            let mut open = self.open.lock().expect("nobody panics");
            open.push(stream.try_clone()?);
        }
        let there = (client.try_clone()?, server.try_clone()?);
        let back = (server, client.try_clone()?);
        let (one, two) = (Arc::clone(self), Arc::clone(self));
        let is_lost = Arc::new(AtomicBool::new(false));
        let known = Arc::clone(&is_lost);
        thread::spawn(move || one.pump(there, false, &known));
        thread::spawn(move || two.pump(back, true, &is_lost));
        Ok(())
    }

    fn pump(
        &self,
        (mut from, mut to): (TcpStream, TcpStream),
        is_answer: bool,
        is_lost: &AtomicBool,
    ) {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(len @ 1..) = from.read(&mut bytes) {
            let some = &bytes[..len];
            let has = |part: &str| {
                let mut parts = some.windows(part.len());
                parts.any(|it| it == part.as_bytes())
            };
            if is_answer && is_lost.load(Ordering::SeqCst) {
                continue;
            }
            let passed = match self.way() {
                Way::Deaf if !is_answer && has("SUBSCRIBE") => break,
                Way::Loses(part) if !is_answer && has(part) => {
                    is_lost.store(true, Ordering::SeqCst);
                    to.write_all(some)
                }
                Way::Closed => break,
                Way::Slow(time) if is_answer => {
                    thread::sleep(time);
                    to.write_all(some)
                }
                Way::Mute if is_answer => Ok(()),
                Way::Drips(pause) if is_answer => self.drip(some, &mut to, pause),
                _ => to.write_all(some),
            };
            if passed.is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    fn drip(&self, bytes: &[u8], to: &mut TcpStream, pause: Duration) -> std::io::Result<()> {
        for (at, byte) in bytes.iter().enumerate() {
            if !matches!(self.way(), Way::Drips(_)) {
                return to.write_all(&bytes[at..]);
            }
            to.write_all(&[*byte])?;
            thread::sleep(pause);
        }
        Ok(())
    }
}
