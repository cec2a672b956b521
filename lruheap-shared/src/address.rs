//! Addresses of stores: what kind of store, where, and how patient to be with it. Nothing in
//! here, and nothing that it says, shows a user or a password.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;

/// How long a store is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timing {
    /// For one operation, before it counts as failed: 50 ms.
    pub deadline: Duration,
    /// How long a lease lives after its holder has died: 5 s. While it lives, it is renewed.
    pub lease: Duration,
    /// How long a call waits for the computation of another process before it computes
    /// itself: 5 s. With `at_most_once` it waits as long as the lease lives, but no longer
    /// than a minute, or this time if that is more; then there is an error.
    pub wait: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            deadline: Duration::from_millis(50),
            lease: Duration::from_secs(5),
            wait: Duration::from_secs(5),
        }
    }
}

/// The shortest and the longest time of each kind.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Timing {
    /// None so short that nothing is ever in time, and none that can't be added to a moment.
    pub(crate) fn within_reason(mut self) -> Self {
        for time in [&mut self.deadline, &mut self.lease, &mut self.wait] {
            *time = (*time).clamp(SHORTEST, LONGEST);
        }
        self
    }
}

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The folder of an LMDB environment, and its size in bytes.
    Lmdb(PathBuf, u64),
    /// A folder of files.
    File(PathBuf),
    /// One server: a URL as the client wants it.
    Redis(String),
    /// Nodes of a cluster, likewise.
    RedisCluster(Vec<String>),
    /// Servers, as `host:port`.
    Memcached(Vec<String>),
    /// This process only.
    Memory,
    /// Nowhere.
    Null,
}

/// An address that has been understood.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) place: Place,
    pub(crate) timing: Timing,
    /// What may be shown of it.
    pub(crate) shown: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The size of an LMDB environment where none is given.
const SIZE: u64 = 1 << 30;

/// The least that one can work in.
const LEAST_SIZE: u64 = 1 << 20;

const SCHEMES: &str = "lmdb:/path?size=1GiB, file:/dir, redis://host:6379/0, rediss://…, unix:/path, \
     redis-cluster://a:6379,b:6379, memcached://a:11211,b:11211, memory:, null:";

impl Address {
    /// Reads an address.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let (scheme, rest) = text
            .trim()
            .split_once(':')
            .ok_or_else(|| Error::Address(format!("it is one of {SCHEMES}")))?;
        let scheme = scheme.to_ascii_lowercase();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if is_redis(&scheme) && query.contains('@') {
            return Err(Error::Address(
                "in a user or a password, write `?` as %3F, `/` as %2F, `@` as %40".into(),
            ));
        }
        let mut timing = Timing::default();
        let mut size = SIZE;
        let mut others: Vec<&str> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "deadline" => timing.deadline = duration(name, value)?,
                "lease" => timing.lease = duration(name, value)?,
                "wait" => timing.wait = duration(name, value)?,
                "size" if scheme == "lmdb" => size = bytes(value)?,
                "protocol" | "db" | "user" | "pass" if is_redis(&scheme) => others.push(pair),
                _ => {
                    return Err(Error::Address(format!(
                        "there is no parameter of this name for `{scheme}:`; there are deadline, lease, wait{}",
                        match scheme.as_str() {
                            "lmdb" => " and size",
                            _ if is_redis(&scheme) => ", protocol, db, user and pass",
                            _ => "",
                        }
                    )));
                }
            }
        }
        let place = match scheme.as_str() {
            "lmdb" => Place::Lmdb(path(&scheme, rest)?, size),
            "file" => Place::File(path(&scheme, rest)?),
            "redis" | "rediss" | "redis+unix" | "unix" => {
                let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                if host.trim_start_matches('/').is_empty() {
                    return Err(Error::Address(format!(
                        "where is the server of `{scheme}:`?"
                    )));
                }
                Place::Redis(with_query(&scheme, rest, &others))
            }
            "redis-cluster" | "rediss-cluster" => {
                let single = scheme.replace("-cluster", "");
                Place::RedisCluster(cluster(&single, rest, &others)?)
            }
            "memcached" => Place::Memcached(servers(rest)?),
            "memory" => Place::Memory,
            "null" => Place::Null,
            _ => {
                return Err(Error::Address(format!(
                    "there is no store of this kind; there are {SCHEMES}"
                )));
            }
        };
        let shown = match &place {
            Place::Lmdb(path, _) => format!("lmdb:{}", path.display()),
            Place::File(path) => format!("file:{}", path.display()),
            Place::Memory => "memory:".into(),
            Place::Null => "null:".into(),
            _ => {
                let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                let slashes = if scheme == "unix" { "" } else { "//" };
                format!("{scheme}:{slashes}{}", host.trim_start_matches("//"))
            }
        };
        Ok(Address {
            place,
            timing,
            shown,
        })
    }

    /// The embedded store in the user's cache folder.
    pub(crate) fn embedded() -> Result<Self, Error> {
        let folder = default_folder().ok_or_else(|| {
            Error::Address(
                "there is no cache folder, because neither XDG_CACHE_HOME nor HOME is set: connect to one".into(),
            )
        })?;
        Ok(Address {
            shown: format!("lmdb:{}", folder.display()),
            place: Place::Lmdb(folder, SIZE),
            timing: Timing::default(),
        })
    }
}

fn is_redis(scheme: &str) -> bool {
    scheme.starts_with("redis") || scheme == "unix"
}

fn default_folder() -> Option<PathBuf> {
    let from = |name: &str| {
        let value = std::env::var_os(name)?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    };
    let caches = if cfg!(windows) {
        from("LOCALAPPDATA")?
    } else if cfg!(target_os = "macos") {
        from("HOME")?.join("Library/Caches")
    } else {
        from("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(from("HOME")?.join(".cache")))?
    };
    Some(caches.join("lruheap"))
}

fn path(scheme: &str, rest: &str) -> Result<PathBuf, Error> {
    // `file:///dir` and `file:/dir` are the same.
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() {
        return Err(Error::Address(format!(
            "which folder? Write `{scheme}:/path`"
        )));
    }
    Ok(PathBuf::from(path))
}

fn with_query(scheme: &str, rest: &str, others: &[&str]) -> String {
    let query = if others.is_empty() {
        String::new()
    } else {
        format!("?{}", others.join("&"))
    };
    format!("{scheme}:{rest}{query}")
}

fn cluster(scheme: &str, rest: &str, others: &[&str]) -> Result<Vec<String>, Error> {
    let rest = rest.trim_start_matches('/');
    let (user, hosts) = match rest.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), rest),
    };
    let hosts = hosts.split('/').next().unwrap_or_default();
    let nodes: Vec<String> = hosts
        .split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty())
        .map(|host| with_query(scheme, &format!("//{user}{host}"), others))
        .collect();
    if nodes.is_empty() {
        return Err(Error::Address(
            "a cluster needs at least one node: `redis-cluster://a:6379,b:6379`".into(),
        ));
    }
    Ok(nodes)
}

fn servers(rest: &str) -> Result<Vec<String>, Error> {
    let hosts = rest.trim_start_matches('/').trim_end_matches('/');
    if hosts.contains('@') || hosts.contains('/') {
        return Err(Error::Address(
            "memcached takes hosts alone: `memcached://a:11211,b:11211`".into(),
        ));
    }
    let servers: Vec<String> = hosts
        .split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty())
        .map(|host| {
            let has_port = host
                .rsplit_once(':')
                .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            if has_port {
                host.to_owned()
            } else {
                format!("{host}:11211")
            }
        })
        .collect();
    if servers.is_empty() {
        return Err(Error::Address(
            "which servers? Write `memcached://a:11211,b:11211`".into(),
        ));
    }
    Ok(servers)
}

fn duration(name: &str, text: &str) -> Result<Duration, Error> {
    let wrong = || Error::Address(format!("`{name}` is a time: `{name}=50ms`, `{name}=5s`"));
    let (number, unit) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let unit = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(number * unit).map_err(|_| wrong())?;
    if !(SHORTEST..=LONGEST).contains(&time) {
        return Err(Error::Address(format!("`{name}` is between 1ms and 24h")));
    }
    Ok(time)
}

fn bytes(text: &str) -> Result<u64, Error> {
    let wrong = || Error::Address("`size` is a number of bytes: `size=1GiB`, `size=512MiB`".into());
    let (number, unit) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    let number: u64 = number.trim().parse().map_err(|_| wrong())?;
    let size = number.checked_mul(unit).ok_or_else(wrong)?;
    if size < LEAST_SIZE {
        return Err(Error::Address("`size` is at least 1MiB".into()));
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Address {
        Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_kind_of_address_is_understood() {
        assert!(parsed("lmdb:/a/b").place == Place::Lmdb("/a/b".into(), SIZE));
        let small = Place::Lmdb("/a".into(), 2 << 20);
        assert!(parsed("lmdb:/a?size=2MiB").place == small);
        assert!(parsed("file:///a").place == Place::File("/a".into()));
        assert!(parsed("file:/a").place == Place::File("/a".into()));
        let redis = Place::Redis("redis://h:1/2".into());
        assert!(parsed("redis://h:1/2?deadline=10ms").place == redis);
        let unix = Place::Redis("unix:/run/r.sock?db=1".into());
        assert!(parsed("unix:/run/r.sock?lease=1s&db=1").place == unix);
        let nodes = ["redis://u:p@a:1", "redis://u:p@b:2"].map(String::from);
        let nodes = Place::RedisCluster(nodes.into());
        assert!(parsed("redis-cluster://u:p@a:1,b:2").place == nodes);
        let servers = Place::Memcached(vec!["a:11211".into(), "b:2".into()]);
        assert!(parsed("memcached://a,b:2").place == servers);
        assert!(parsed("memory:").place == Place::Memory);
        assert!(parsed("null:").place == Place::Null);
    }

    #[test]
    fn times_are_read() {
        let timing = parsed("null:?deadline=5ms&lease=0.5s&wait=2m").timing;
        assert_eq!(timing.deadline, Duration::from_millis(5));
        assert_eq!(timing.lease, Duration::from_millis(500));
        assert_eq!(timing.wait, Duration::from_secs(120));
    }

    #[test]
    fn what_is_shown_has_no_secret() {
        for secret in [
            "redis://user:hush@host:1/0?deadline=10ms",
            "rediss://:hush@host:1/0",
            "redis://:hu/hush@host:1/0",
            "redis://:hu?hush@host:1/0",
            "redis-cluster://u:hush@host:1,b:2",
            "unix:/run/host?pass=hush",
            "redis://host/0?password=hush",
        ] {
            let Ok(address) = Address::parse(secret) else {
                continue;
            };
            let shown = format!("{} {address:?}", address.shown);
            assert!(!shown.contains("hu"), "{shown}");
        }
        assert_eq!(parsed("redis://u:hush@host:1/3").shown, "redis://host:1/3");
        assert_eq!(parsed("unix:/run/r?pass=hush").shown, "unix:/run/r");
    }

    #[test]
    fn a_mistake_is_told_without_what_was_written() {
        for wrong in [
            "",
            "hush",
            "hush:",
            "hush://hush@x",
            "redis:",
            "redis://:hush@",
            "redis://h?deadline=hush",
            "redis://u:hush@h?lease=hush",
            "lmdb:/a?size=hush",
            "lmdb:/a?hush=1",
            "memcached://u:hush@a",
            "memcached://",
            "redis-cluster://u:hush@",
            "lmdb:",
            "file:",
            "lmdb:/a?size=1KiB",
            "null:?deadline=0s",
            "null:?deadline=20",
            "redis://h?dedline=20ms",
            "null:?deadline=99999h",
            "null:?wait=-1s",
        ] {
            let error = Address::parse(wrong).expect_err(wrong);
            assert!(!error.to_string().contains("hush"), "{error}");
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
    }
}
