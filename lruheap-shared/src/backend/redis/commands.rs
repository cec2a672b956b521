//! The commands of each operation, and what the answers to them mean: the same for threads,
//! for tasks and for a cluster.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ::redis::{Cmd, Value};

use super::failures::unexpected;
use crate::backend::{Key, Name, Reading, Token};
use crate::error::Error;

/// How long a generation is kept after it was asked for last. It has an end so that policies
/// that evict only what has one can evict it; to lose one costs computations, no more.
const GENERATION_SECONDS: u64 = 30 * 24 * 3600;

/// The time left of an entry that has no end: somebody took it away.
const ENDLESS: Duration = Duration::from_secs(24 * 3600);

/// The longest time that an entry is given: 10 years. The server refuses far larger ones.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

const RELEASE: &str =
    "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end";

const RENEW: &str = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('pexpire',KEYS[1],ARGV[2]) else return 0 end";

/// Commands to be sent. One server gets all of them at once, in order.
#[derive(Default)]
pub(super) struct Plan {
    /// Those of one group have keys of one slot; a cluster gets each group at once.
    pub(super) groups: Vec<Vec<Cmd>>,
    /// Whether a group waits for the one before it, in a cluster.
    pub(super) is_ordered: bool,
}

impl Plan {
    pub(super) fn of(commands: Vec<Cmd>) -> Self {
        Plan {
            groups: vec![commands],
            is_ordered: false,
        }
    }

    /// How many commands there are.
    pub(super) fn len(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }

    /// All of them.
    pub(super) fn commands(&self) -> impl Iterator<Item = &Cmd> {
        self.groups.iter().flatten()
    }
}

fn cmd(name: &str) -> Cmd {
    ::redis::cmd(name)
}

fn lease_key(key: Key) -> String {
    format!("lruheap:l:{:032x}", key.0)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.min(LONGEST).as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}

/// A number that no generation has had. Two are the same with the probability of 2⁻⁶⁴.
pub(super) fn fresh() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // The keys of `RandomState` are the system's randomness; the rest keeps apart what a
    // fork has made two of.
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(COUNT.fetch_add(1, Ordering::Relaxed));
    hasher.write_u32(std::process::id());
    Instant::now().hash(&mut hasher);
    hasher.finish()
}

/// The time left comes first: if a value is replaced between the two commands, the new one
/// has the time of the old one, which is the shorter.
pub(super) fn get(key: Key, generations: &[Name], is_cluster: bool) -> Plan {
    let key = key.to_string();
    let left = cmd("PTTL").arg(&key).to_owned();
    if is_cluster {
        // At the same time: a generation that was replaced before is seen by each of them.
        let mut groups = vec![vec![left, cmd("GET").arg(&key).to_owned()]];
        groups.extend(
            generations
                .iter()
                .map(|name| vec![cmd("GET").arg(name.to_string()).to_owned()]),
        );
        return Plan {
            groups,
            is_ordered: false,
        };
    }
    let mut all = cmd("MGET");
    all.arg(&key);
    for name in generations {
        all.arg(name.to_string());
    }
    Plan::of(vec![left, all])
}

/// What [`get`] has brought.
pub(super) fn reading(values: Vec<Value>, count: usize, epoch: u64) -> Result<Reading, Error> {
    let mut values = values.into_iter();
    let Some(Value::Int(left)) = values.next() else {
        return Err(unexpected());
    };
    let mut rest: Vec<Value> = values.collect();
    if let [Value::Array(inner)] = &mut rest[..] {
        rest = std::mem::take(inner);
    }
    if rest.len() != count + 1 {
        return Err(unexpected());
    }
    let generations = rest.split_off(1);
    let entry = match (rest.pop(), left) {
        (Some(Value::BulkString(value)), -1) => Some((value, ENDLESS)),
        (Some(Value::BulkString(value)), 1..) => {
            Some((value, Duration::from_millis(left.unsigned_abs())))
        }
        _ => None,
    };
    Ok(Reading {
        entry,
        generations: generations.iter().map(number).collect(),
        epoch,
    })
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        _ => None,
    }
}

pub(super) fn set(key: Key, value: &[u8], ttl: Duration, lease: Option<Token>) -> Plan {
    let mut set = cmd("SET");
    set.arg(key.to_string())
        .arg(value)
        .arg("PX")
        .arg(millis(ttl));
    let mut groups = vec![vec![set]];
    if let Some(token) = lease {
        groups.push(vec![release_command(key, token)]);
    }
    Plan {
        groups,
        // The lease ends once the value is there.
        is_ordered: true,
    }
}

pub(super) fn remove(key: Key) -> Plan {
    Plan::of(vec![cmd("DEL").arg(key.to_string()).to_owned()])
}

/// All who ask at the same time get the number of the first.
pub(super) fn generation(names: &[Name]) -> Plan {
    let groups = names
        .iter()
        .map(|name| {
            let name = name.to_string();
            let mut make = cmd("SET");
            make.arg(&name).arg(fresh().to_string());
            make.arg("NX").arg("EX").arg(GENERATION_SECONDS);
            let renew = cmd("EXPIRE").arg(&name).arg(GENERATION_SECONDS).to_owned();
            vec![make, cmd("GET").arg(&name).to_owned(), renew]
        })
        .collect();
    Plan {
        groups,
        is_ordered: false,
    }
}

/// What [`generation`] has brought.
pub(super) fn numbers(values: &[Value]) -> Result<Vec<u64>, Error> {
    values
        .chunks(3)
        .map(|answers| {
            let value = answers.get(1).ok_or_else(unexpected)?;
            number(value).ok_or_else(|| {
                Error::Other("a generation was gone as soon as it was made, or is not ours".into())
            })
        })
        .collect()
}

pub(super) fn advance(names: &[Name], numbers: &[u64]) -> Plan {
    let groups = names
        .iter()
        .zip(numbers)
        .map(|(name, number)| {
            let mut set = cmd("SET");
            set.arg(name.to_string()).arg(number.to_string());
            set.arg("EX").arg(GENERATION_SECONDS);
            vec![set]
        })
        .collect();
    Plan {
        groups,
        is_ordered: false,
    }
}

/// Takes generations away.
pub(super) fn forget(names: &[Name]) -> Plan {
    let del = |name: &Name| vec![cmd("DEL").arg(name.to_string()).to_owned()];
    Plan {
        groups: names.iter().map(del).collect(),
        is_ordered: false,
    }
}

/// Asks who has it as well: if the answer was lost and it is asked again, it is still ours.
pub(super) fn lease(key: Key, token: Token, length: Duration) -> Plan {
    let key = lease_key(key);
    let mut take = cmd("SET");
    take.arg(&key).arg(token.0.to_string());
    take.arg("NX").arg("PX").arg(millis(length));
    Plan::of(vec![take, cmd("GET").arg(&key).to_owned()])
}

/// What [`lease`] has brought.
pub(super) fn is_taken(values: &[Value], token: Token) -> Result<bool, Error> {
    match values {
        [Value::Okay, _] => Ok(true),
        [_, holder] => Ok(number(holder) == Some(token.0)),
        _ => Err(unexpected()),
    }
}

pub(super) fn renew(key: Key, token: Token, length: Duration) -> Plan {
    let mut renew = cmd("EVAL");
    renew.arg(RENEW).arg(1).arg(lease_key(key));
    renew.arg(token.0.to_string()).arg(millis(length));
    Plan::of(vec![renew])
}

/// Whether a script has done what it is for.
pub(super) fn is_done(values: &[Value]) -> Result<bool, Error> {
    match values {
        [Value::Int(done)] => Ok(*done == 1),
        _ => Err(unexpected()),
    }
}

pub(super) fn release(key: Key, token: Token) -> Plan {
    Plan::of(vec![release_command(key, token)])
}

fn release_command(key: Key, token: Token) -> Cmd {
    let mut release = cmd("EVAL");
    release.arg(RELEASE).arg(1).arg(lease_key(key));
    release.arg(token.0.to_string());
    release
}

pub(super) fn publish(channel: &str, message: &str) -> Plan {
    Plan::of(vec![cmd("PUBLISH").arg(channel).arg(message).to_owned()])
}

/// What `INFO` says that is of interest here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) run: Option<String>,
    pub(super) used: Option<u64>,
    pub(super) limit: Option<u64>,
    pub(super) policy: Option<String>,
}

impl Info {
    /// Reads the text of one or more sections.
    pub(super) fn read<'a>(texts: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut info = Info::default();
        for text in texts {
            let text = match text {
                Value::BulkString(bytes) => String::from_utf8_lossy(bytes),
                Value::VerbatimString { text, .. } => text.as_str().into(),
                _ => continue,
            };
            for line in text.lines() {
                match line.split_once(':') {
                    Some(("run_id", run)) => info.run = Some(run.trim().to_owned()),
                    Some(("used_memory", used)) => info.used = used.trim().parse().ok(),
                    Some(("maxmemory", limit)) => info.limit = limit.trim().parse().ok(),
                    Some(("maxmemory_policy", policy)) => {
                        info.policy = Some(policy.trim().to_owned());
                    }
                    _ => {}
                }
            }
        }
        info.limit = info.limit.filter(|limit| *limit > 0);
        info
    }

    /// The epoch of all that is stored there.
    pub(super) fn epoch(&self) -> Result<u64, Error> {
        match &self.run {
            Some(run) => Ok(xxhash_rust::xxh3::xxh3_64(run.as_bytes())),
            None => Err(Error::Other(
                "`INFO server` has to be allowed and to tell a run_id: without it, it would not be noticed that the server was restored".into(),
            )),
        }
    }
}

/// Asks for a section of `INFO`.
pub(super) fn info(section: &str) -> Cmd {
    cmd("INFO").arg(section).to_owned()
}

/// Asks how many keys there are.
pub(super) fn size() -> Cmd {
    cmd("DBSIZE")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn an_entry_has_the_time_that_the_server_says() {
        let read = |left, value| {
            let all = vec![value, bulk("7"), Value::Nil, bulk("?")];
            let flat: Vec<Value> = [vec![Value::Int(left)], all.clone()].concat();
            let read = reading(flat, 3, 1).expect("it is as it should be");
            let nested = vec![Value::Int(left), Value::Array(all)];
            assert_eq!(reading(nested, 3, 1), Ok(read.clone()));
            assert_eq!(read.generations, [Some(7), None, None]);
            read.entry.map(|(_, left)| left)
        };
        assert_eq!(read(20, bulk("x")), Some(Duration::from_millis(20)));
        assert_eq!(read(-1, bulk("x")), Some(ENDLESS));
        assert_eq!(read(20, Value::Nil), None);
        assert_eq!(
            read(-2, bulk("x")),
            None,
            "how long it may be used is not known"
        );
        assert_eq!(read(0, bulk("x")), None);
        assert!(reading(vec![Value::Int(1)], 0, 1).is_err());
        assert!(reading(vec![Value::Int(1), Value::Nil], 1, 1).is_err());
        assert!(reading(Vec::new(), 0, 1).is_err());
    }

    #[test]
    fn what_is_of_interest_is_found_in_what_the_server_tells() {
        let server = bulk("# Server\r\nredis_version:7\r\nrun_id:abc\r\n");
        let memory = bulk("used_memory:5\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n");
        let info = Info::read([&server, &memory]);
        assert_eq!(info.run.as_deref(), Some("abc"));
        assert_eq!((info.used, info.limit), (Some(5), None));
        assert_eq!(info.policy.as_deref(), Some("noeviction"));
        assert_eq!(info.epoch(), Info::read([&server]).epoch());
        assert!(Info::read([&memory]).epoch().is_err());
    }

    #[test]
    fn no_time_is_too_long_or_too_short_for_the_server() {
        assert_eq!(millis(Duration::ZERO), 1);
        assert_eq!(millis(Duration::from_micros(2500)), 2);
        assert!(i64::try_from(millis(Duration::MAX)).is_ok());
    }

    #[test]
    fn fresh_numbers_differ() {
        let mut numbers: Vec<u64> = (0..1000).map(|_| fresh()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 1000);
    }
}
