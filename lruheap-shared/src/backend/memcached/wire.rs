//! How one server is spoken to: memcached's meta commands and `stats`, each answer by a
//! moment that is given. What is asked for, and of which server, is not known here.
//!
//! A connection on which anything went wrong is to be dropped: an answer may be on its way.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::command::{Answer, Command, Facts, Found};

/// The longest relative time that the protocol knows; a larger number is a date.
const LONGEST_TIME: u64 = 30 * 24 * 3600;

/// Longer than any line of memcached's.
const LONGEST_LINE: usize = 8 << 10;

/// The largest `-I` there is.
const LARGEST_VALUE: usize = 1 << 30;

/// Data up to this is copied behind its command, so that both are sent at once.
const COPIED: usize = 16 << 10;

/// A connection to a server.
pub(super) struct Connection {
    input: BufReader<TcpStream>,
    facts: Facts,
    since: Instant,
}

/// The time until then; an error once that is over.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(ErrorKind::TimedOut.into());
    }
    Ok(left)
}

fn strange() -> io::Error {
    io::Error::new(
        ErrorKind::InvalidData,
        "it does not speak as memcached does",
    )
}

impl Connection {
    /// Connects, and asks for the facts.
    pub(super) fn open(address: SocketAddr, until: Instant) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, left(until)?)?;
        stream.set_nodelay(true)?;
        let mut connection = Connection {
            input: BufReader::new(stream),
            facts: Facts::default(),
            since: Instant::now(),
        };
        connection.facts = connection.stats(until)?;
        connection.since = Instant::now();
        Ok(connection)
    }

    /// What the server told when it was connected to.
    pub(super) fn facts(&self) -> Facts {
        self.facts
    }

    /// Whether nothing has come since the last answer, not even the end: then it can be
    /// used again.
    pub(super) fn is_quiet(&self) -> bool {
        let stream = self.input.get_ref();
        if !self.input.buffer().is_empty() || stream.set_nonblocking(true).is_err() {
            return false;
        }
        let looked = stream.peek(&mut [0]);
        let is_quiet = looked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        is_quiet && stream.set_nonblocking(false).is_ok()
    }

    /// Sends commands. Each gets one answer, in order.
    pub(super) fn send(&mut self, commands: &[&Command<'_>], until: Instant) -> io::Result<()> {
        let mut out = Vec::new();
        for command in commands {
            write!(out, "{} {}", command.verb, command.key)?;
            if command.data.is_some() {
                write!(out, " {}", command.len())?;
            }
            write!(out, " {}", command.flags)?;
            if let Some(seconds) = command.seconds {
                write!(out, " T{}", self.time(seconds))?;
            }
            out.extend_from_slice(b"\r\n");
            if let Some((head, rest)) = &command.data {
                out.extend_from_slice(head);
                if rest.len() > COPIED {
                    self.write(&out, until)?;
                    self.write(rest, until)?;
                    out.clear();
                } else {
                    out.extend_from_slice(rest);
                }
                out.extend_from_slice(b"\r\n");
            }
        }
        self.write(&out, until)
    }

    /// A time as the protocol has it: more than 30 days are a date by the server's clock,
    /// and what is beyond its dates, or where it did not tell the time, is for ever.
    fn time(&self, seconds: u64) -> u64 {
        if seconds <= LONGEST_TIME {
            return seconds;
        }
        let now = self
            .facts
            .time
            .map(|time| time.saturating_add(self.since.elapsed().as_secs()));
        now.and_then(|now| now.checked_add(seconds))
            .filter(|date| i32::try_from(*date).is_ok())
            .unwrap_or(0)
    }

    /// Reads the answer to one command.
    pub(super) fn answer(&mut self, until: Instant) -> io::Result<Answer> {
        let line = self.line(until)?;
        let mut words = line.split(' ');
        let mut found = match words.next().unwrap_or_default() {
            "VA" => {
                let len: usize = words
                    .next()
                    .and_then(|word| word.parse().ok())
                    .filter(|len| *len <= LARGEST_VALUE)
                    .ok_or_else(strange)?;
                let value = self.value(len, until)?;
                Found {
                    value,
                    ..Found::default()
                }
            }
            "HD" => Found::default(),
            "EN" | "NF" | "NS" | "EX" => return Ok(Answer::Not),
            "SERVER_ERROR" => {
                return Ok(Answer::Refused(line["SERVER_ERROR".len()..].trim().into()));
            }
            "ERROR" | "CLIENT_ERROR" => return Err(io::Error::new(ErrorKind::InvalidData, line)),
            _ => return Err(strange()),
        };
        for word in words {
            if let Some(left) = word.strip_prefix('t') {
                found.left = left.parse().ok();
            } else if let Some(version) = word.strip_prefix('c') {
                found.version = version.parse().map_err(|_| strange())?;
            }
        }
        Ok(Answer::Done(found))
    }

    /// Asks the server about itself. One that does not know how to tell (a proxy) is one
    /// about which nothing is known.
    pub(super) fn stats(&mut self, until: Instant) -> io::Result<Facts> {
        self.write(b"stats\r\nstats settings\r\n", until)?;
        let mut facts = Facts::default();
        for _ in 0..2 {
            loop {
                let line = self.line(until)?;
                if line.starts_with("ERROR Too many") {
                    return Err(io::Error::new(ErrorKind::ConnectionRefused, line));
                }
                let mut words = line.split(' ');
                match (words.next(), words.next(), words.next()) {
                    (Some("STAT"), Some(name), value) => {
                        facts.note(name, value.unwrap_or_default());
                    }
                    (Some("END" | "RESET" | "ERROR" | "CLIENT_ERROR" | "SERVER_ERROR"), ..) => {
                        break;
                    }
                    _ => return Err(strange()),
                }
            }
        }
        Ok(facts)
    }

    fn write(&mut self, mut bytes: &[u8], until: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            let mut stream = self.input.get_ref();
            stream.set_write_timeout(Some(left(until)?))?;
            match stream.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Bytes that have come: at least one.
    fn more(&mut self, until: Instant) -> io::Result<&[u8]> {
        while self.input.buffer().is_empty() {
            self.input.get_ref().set_read_timeout(Some(left(until)?))?;
            match self.input.fill_buf() {
                Ok([]) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.input.buffer())
    }

    fn line(&mut self, until: Instant) -> io::Result<String> {
        let mut line = Vec::new();
        loop {
            let bytes = self.more(until)?;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(bytes.len(), |at| at + 1);
            line.extend_from_slice(&bytes[..taken]);
            self.input.consume(taken);
            if end.is_some() {
                let line = String::from_utf8(line).map_err(|_| strange())?;
                return Ok(line.trim_end().to_owned());
            }
            if line.len() > LONGEST_LINE {
                return Err(strange());
            }
        }
    }

    fn value(&mut self, len: usize, until: Instant) -> io::Result<Vec<u8>> {
        let whole = len + 2;
        let mut value = Vec::with_capacity(whole.min(1 << 20));
        while value.len() < whole {
            let bytes = self.more(until)?;
            let taken = bytes.len().min(whole - value.len());
            value.extend_from_slice(&bytes[..taken]);
            self.input.consume(taken);
        }
        if !value.ends_with(b"\r\n") {
            return Err(strange());
        }
        value.truncate(len);
        Ok(value)
    }
}
