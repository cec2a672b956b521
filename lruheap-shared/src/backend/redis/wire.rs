//! A connection for threads: a socket with a deadline for all of an exchange, where the
//! client's own would have one for each piece of the answer.

use std::io::{Error as IoError, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use ::redis::{ConnectionAddr, ConnectionInfo, Parser, Value};

use super::Report;
use super::commands::{Info, Plan, info};
use super::failures::{self, Failure};
use crate::error::Error;

/// Whether a [`Wire`] leads there; others are spoken to by the thread in the background.
pub(super) fn reaches(target: &ConnectionInfo) -> bool {
    matches!(
        target.addr(),
        ConnectionAddr::Tcp(..) | ConnectionAddr::Unix(_)
    )
}

enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    fn set_timeout(&self, timeout: Duration) -> std::io::Result<()> {
        match self {
            Stream::Tcp(stream) => {
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))
            }
            #[cfg(unix)]
            Stream::Unix(stream) => {
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))
            }
        }
    }
}

/// A socket that waits until a moment, not for a time.
struct Socket {
    stream: Stream,
    until: Instant,
    /// The timeout is set in eighths of this, so that it seldom has to be set anew.
    deadline: Duration,
    /// What it is set to, in eighths.
    eighths: u128,
}

impl Socket {
    fn arm(&mut self) -> std::io::Result<()> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        let eighth = (self.deadline / 8).max(Duration::from_micros(100));
        let eighths = left.as_nanos().div_ceil(eighth.as_nanos());
        if eighths != self.eighths {
            let count = u32::try_from(eighths).unwrap_or(u32::MAX);
            self.stream.set_timeout(eighth.saturating_mul(count))?;
            self.eighths = eighths;
        }
        Ok(())
    }
}

impl Read for Socket {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.arm()?;
        match &mut self.stream {
            Stream::Tcp(stream) => stream.read(bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.read(bytes),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.arm()?;
        match &mut self.stream {
            Stream::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A connection that is used by one thread at a time.
pub(super) struct Wire {
    socket: Socket,
    parser: Parser,
    /// Of the server at the other end.
    pub(super) epoch: u64,
    /// Whether it has been idle: the server may have closed it since.
    pub(super) was_idle: bool,
}

impl Wire {
    /// Connects, which takes `patience` at most, except for what the system takes to find
    /// the address of a name.
    pub(super) fn open(
        target: &ConnectionInfo,
        deadline: Duration,
        patience: Duration,
        report: &Report,
    ) -> Result<Self, Error> {
        let until = Instant::now() + patience;
        let stream = connect(target.addr(), until)
            .map_err(|error| failures::by_io(&error, patience).error)?;
        let mut wire = Wire {
            socket: Socket {
                stream,
                until,
                deadline,
                eighths: 0,
            },
            parser: Parser::new(),
            epoch: 0,
            was_idle: false,
        };
        wire.greet(target, until, report)?;
        Ok(wire)
    }

    fn greet(
        &mut self,
        target: &ConnectionInfo,
        until: Instant,
        report: &Report,
    ) -> Result<(), Error> {
        let settings = target.redis_settings();
        if let Some(password) = settings.password() {
            let mut login = ::redis::cmd("AUTH");
            if let Some(user) = settings.username() {
                login.arg(user);
            }
            login.arg(password);
            let values = self.send(&Plan::of(vec![login]), until);
            let values = values.map_err(|failure| failure.error)?;
            if let [Value::ServerError(error)] = &values[..] {
                // Whatever else it says may repeat what it was told.
                return Err(match error.code() {
                    "LOADING" => Error::Unreachable("LOADING".into()),
                    _ => failures::refused(),
                });
            }
        }
        let mut commands = vec![info("server"), info("memory")];
        if settings.db() != 0 {
            commands.insert(0, ::redis::cmd("SELECT").arg(settings.db()).to_owned());
        }
        let values = self
            .exchange(&Plan::of(commands), until)
            .map_err(|failure| failure.error)?;
        let info = Info::read(&values);
        self.epoch = info.epoch()?;
        report.look(&info);
        Ok(())
    }

    /// Sends all the commands of a plan, and waits for the answers until a moment.
    pub(super) fn exchange(&mut self, plan: &Plan, until: Instant) -> Result<Vec<Value>, Failure> {
        let values = self.send(plan, until)?;
        match failures::among(&values) {
            Some(failure) => Err(failure),
            None => Ok(values),
        }
    }

    fn send(&mut self, plan: &Plan, until: Instant) -> Result<Vec<Value>, Failure> {
        self.socket.until = until;
        let deadline = self.socket.deadline;
        let mut bytes = Vec::new();
        for command in plan.commands() {
            command.write_packed_command(&mut bytes);
        }
        self.socket
            .write_all(&bytes)
            .map_err(|error| failures::by_io(&error, deadline))?;
        let mut values = Vec::with_capacity(plan.len());
        for _ in 0..plan.len() {
            let value = self.parser.parse_value(&mut self.socket);
            values.push(value.map_err(|error| failures::by_client(&error, deadline))?);
        }
        Ok(values)
    }
}

fn connect(target: &ConnectionAddr, until: Instant) -> std::io::Result<Stream> {
    match target {
        ConnectionAddr::Tcp(host, port) => {
            let mut last = IoError::from(ErrorKind::AddrNotAvailable);
            for address in (host.as_str(), *port).to_socket_addrs()? {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(ErrorKind::TimedOut.into());
                }
                match TcpStream::connect_timeout(&address, left) {
                    Ok(stream) => {
                        stream.set_nodelay(true)?;
                        return Ok(Stream::Tcp(stream));
                    }
                    Err(error) => last = error,
                }
            }
            Err(last)
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path)?)),
        _ => Err(ErrorKind::Unsupported.into()),
    }
}
