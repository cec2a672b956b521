//! What the client and the server say when something fails, as an [`Error`]. Whatever could
//! repeat a user or a password is not passed on.

use std::io::ErrorKind as Io;
use std::time::Duration;

use ::redis::{ErrorKind, RedisError, ServerError, Value};

use crate::error::Error;

/// What became of an exchange with the server, and of the connection.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// Whether the connection is not to be used any more.
    pub(super) is_broken: bool,
}

impl Failure {
    /// The connection is gone.
    pub(super) fn broken(error: Error) -> Self {
        Failure {
            error,
            is_broken: true,
        }
    }

    /// Whether another connection may do better: one that was idle is found to have been
    /// closed when it is used.
    pub(super) fn is_worth_another(&self) -> bool {
        self.is_broken && matches!(self.error, Error::Unreachable(_))
    }
}

/// An error that the server answered with.
pub(super) fn by_server(error: &ServerError) -> Failure {
    let code = error.code();
    let says = || match error.details() {
        Some(details) => format!("{code} {details}"),
        None => code.to_owned(),
    };
    let keep = |error| Failure {
        error,
        is_broken: false,
    };
    match code {
        "OOM" | "MISCONF" | "NOREPLICAS" => keep(Error::Full(says())),
        // It was a master once. Another connection may lead to the one that is now.
        "READONLY" => Failure::broken(Error::Full(says())),
        "LOADING" | "CLUSTERDOWN" | "MASTERDOWN" | "TRYAGAIN" | "MOVED" | "ASK" | "BUSY" => {
            keep(Error::Unreachable(says()))
        }
        // The server repeats the name of the user.
        "NOPERM" => keep(Error::Full(
            "NOPERM: the user of the address may not do what is needed".into(),
        )),
        "NOAUTH" => Failure::broken(Error::Other(
            "NOAUTH: the server wants a password in the address".into(),
        )),
        "WRONGPASS" => Failure::broken(refused()),
        // What is unknown to a server is repeated with its arguments.
        _ if says().contains("args beginning") => keep(Error::Other(format!(
            "{code}: the server does not know a command that is needed"
        ))),
        _ => keep(Error::Other(says())),
    }
}

/// User or password are not those of the server.
pub(super) fn refused() -> Error {
    Error::Other("the server does not accept the user and the password of the address".into())
}

/// The first error among answers, if there is one.
pub(super) fn among(values: &[Value]) -> Option<Failure> {
    values.iter().find_map(|value| match value {
        Value::ServerError(error) => Some(by_server(error)),
        Value::Array(values) => among(values),
        _ => None,
    })
}

/// An error of a socket.
pub(super) fn by_io(error: &std::io::Error, deadline: Duration) -> Failure {
    Failure::broken(match error.kind() {
        Io::TimedOut | Io::WouldBlock => Error::Timeout(deadline),
        _ => Error::Unreachable(error.to_string()),
    })
}

/// An error of the client.
pub(super) fn by_client(error: &RedisError, deadline: Duration) -> Failure {
    if error.is_timeout() {
        return Failure::broken(Error::Timeout(deadline));
    }
    if let Some(errors) = error.clone().into_server_errors() {
        if let Some((_, first)) = errors.first() {
            return by_server(first);
        }
    }
    Failure::broken(match error.kind() {
        ErrorKind::Io => Error::Unreachable(error.to_string()),
        ErrorKind::ClusterConnectionNotFound => {
            Error::Unreachable("no node of the cluster can be reached".into())
        }
        ErrorKind::AuthenticationFailed => refused(),
        ErrorKind::Parse => Error::Other("what answers does not speak as Redis does".into()),
        _ => Error::Other(format!("the client gave up: {}", error.category())),
    })
}

/// An answer that is not one to what was asked.
pub(super) fn unexpected() -> Error {
    Error::Other("the server answered something else than was asked".into())
}

/// An address that the client does not take.
pub(super) fn address() -> Error {
    Error::Address(
        "it is `redis://user:password@host:6379/0` with what is special in user and password written as %XX, or `unix:/path?db=0`"
            .into(),
    )
}
