//! As much HTTP/1.1 as a demonstration needs: a thread for each connection, which stays with
//! its worker for as long as it is open.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde::Serialize;
use serde_json::json;

pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
    is_last: bool,
}

pub(crate) struct Response {
    status: u16,
    body: String,
}

impl Response {
    pub(crate) fn ok(value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(body) => Response { status: 200, body },
            Err(error) => Response::error(500, &error.to_string()),
        }
    }

    pub(crate) fn error(status: u16, message: &str) -> Self {
        let body = json!({ "error": message }).to_string();
        Response { status, body }
    }
}

/// The longest request that is read.
const LONGEST: u64 = 64 * 1024;

/// Answers all who connect, for ever.
pub(crate) fn serve(
    listener: &TcpListener,
    worker: usize,
    answer: fn(&Request) -> Response,
) -> Result<(), Box<dyn Error>> {
    loop {
        let (stream, _) = listener.accept()?;
        thread::spawn(move || {
            // Who hangs up is none of our business.
            let _ = converse(&stream, worker, answer);
        });
    }
}

fn converse(stream: &TcpStream, worker: usize, answer: fn(&Request) -> Response) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let (response, is_last) = match read(&mut reader) {
            Ok(Some(request)) => (answer(&request), request.is_last),
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                (Response::error(400, &error.to_string()), true)
            }
            Err(error) => return Err(error),
        };
        let Response { status, body } = response;
        let reason = match status {
            200 => "OK",
            400 => "Bad Request",
            404 => "Not Found",
            _ => "Internal Server Error",
        };
        let connection = if is_last { "close" } else { "keep-alive" };
        let head = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nX-Worker: {worker}\r\nConnection: {connection}\r\n\r\n",
            body.len()
        );
        let mut stream = stream;
        stream.write_all((head + &body).as_bytes())?;
        if is_last {
            return Ok(());
        }
    }
}

/// The next request of a connection; `None` at its end.
fn read(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut reader = reader.take(LONGEST);
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut words = line.split_whitespace();
    let (Some(method), Some(target), Some("HTTP/1.1"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(wrong("this is no HTTP/1.1"));
    };
    let path = target.split('?').next().unwrap_or_default();
    let mut request = Request {
        method: method.into(),
        path: path.into(),
        body: String::new(),
        is_last: false,
    };
    let mut len = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = match line.strip_suffix('\n') {
            Some(line) => line.trim_end(),
            None => return Err(wrong("too long, or cut off")),
        };
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| wrong("a header?"))?;
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => len = value.parse().map_err(|_| wrong("which length?"))?,
            "connection" => request.is_last = value.eq_ignore_ascii_case("close"),
            "transfer-encoding" => return Err(wrong("send a Content-Length")),
            _ => {}
        }
    }
    if len > reader.limit() {
        return Err(wrong("too long"));
    }
    reader.take(len).read_to_string(&mut request.body)?;
    Ok(Some(request))
}
