//! What `shared` costs: a hit in memory beside that of the same function without it, a hit in the
//! store beside the bare question and its decoding, then a miss and an invalidation. Once with LMDB
//! in a folder of its own; then, in a process of its own as one store is all that a process connects
//! to, with a `redis-server` that is started for it.
//! `cargo bench --features shared,redis --bench shared`.

#![allow(clippy::cast_precision_loss)] // the figures are well within an `f64`

mod common;
#[path = "shared/stores.rs"]
mod stores;

use std::sync::Mutex;
use std::{env, hint::black_box};

use cached::{ConcurrentCached as _, RedisCache};
use lruheap::{CacheInfo, lru_cache, shared};
use redis::IntoConnectionInfo as _;
use redis::io::tcp::TcpSettings;
use serde::{Deserialize, Serialize};

use common::functions::{body, ours as without};
use common::keys::HOT;
use common::report::Report;
use common::rounds::time;
use common::{Call, Role, Subject};
use stores::{Folder, REDIS, Server, again};

const ROUNDS: u64 = 101;
/// In a round: of hits in memory, of questions to LMDB, of those to a server.
const CALLS: u64 = 20_000;
const LMDB_CALLS: u64 = 200;
const REDIS_CALLS: u64 = 50;

/// What the subjects that are no peers are called: bars go by these names.
const WITHOUT: &str = "without shared";
const COMPUTATION: &str = "computation";

fn main() {
    let report = Report::new("shared");
    // An outage of 50 ms is nothing on a machine that does other things as well.
    let connect = |store: &str| {
        let address = format!("{store}?deadline=5s");
        shared::connect(&address).expect("nobody has connected before");
    };
    if let Ok(url) = env::var(REDIS) {
        connect(&url);
        redis_hits(&report, &url);
        misses(&report, "miss, Redis", REDIS_CALLS);
        return;
    }
    let folder = Folder::new();
    connect(&format!("lmdb:{}", folder.path().display()));
    memory_hits(&report);
    lmdb_hits(&report);
    misses(&report, "miss, LMDB", LMDB_CALLS);
    invalidations(&report);
    match Server::start() {
        Ok(server) => again(&server),
        Err(why) => println!("\nThe figures of Redis are left out: {why}"),
    }
}

/// Whether each call that was measured has found something in the store, once it was filled.
fn assert_hits(info: &CacheInfo) {
    let is_fine = info.shared_errors == 0 && info.shared_skips == 0;
    assert!(
        is_fine && info.shared_misses == HOT,
        "not all are hits: {info}"
    );
}

// --- Hits in memory ---

fn memory_hits(report: &Report) {
    #[lru_cache(maxsize = 1024, shared)]
    fn ours(x: u64) -> u64 {
        body(x)
    }
    #[lru_cache(maxsize = 1024, ttl = 60, shared(ttl = 300))]
    fn ours_ttl(x: u64) -> u64 {
        body(x)
    }
    #[lru_cache(maxsize = 1024, ttl = 60)]
    fn without_ttl(x: u64) -> u64 {
        body(x)
    }

    let beside = |ours: fn(u64) -> u64, without: fn(u64) -> u64| {
        [
            Subject::new("lruheap", Role::Ours, ours),
            Subject::new(WITHOUT, Role::Other, without),
        ]
    };
    let cells = [
        ("hit in memory", beside(ours, without)),
        ("hit in memory, ttl", beside(ours_ttl, without_ttl)),
    ];
    for (name, subjects) in &cells {
        for threads in [1, 2] {
            report.compare((name, threads), subjects, ROUNDS, |call, _| {
                time(call, (0..CALLS).map(|n| n % HOT))
            });
        }
    }
    let info = ours::cache_info();
    assert_eq!((info.misses, info.shared_errors), (HOT, 0), "{info}");
}

// --- Hits in the store ---

/// A value of about 1 KB.
#[derive(Clone, Serialize, Deserialize)]
struct Course {
    id: u64,
    seats: u32,
    rating: f64,
    is_open: bool,
    text: String,
}

impl Course {
    fn new(id: u64) -> Self {
        Course {
            id,
            seats: 30,
            rating: 4.5,
            is_open: true,
            text: "what it is about ".repeat(59),
        }
    }

    /// So that the whole value is made.
    fn read(&self) -> u64 {
        self.id + self.text.len() as u64
    }
}

/// Nothing is kept in memory, so each call asks the store.
#[lru_cache(maxsize = 0, shared)]
fn course(id: u64) -> Course {
    Course::new(id)
}

fn lmdb_hits(report: &Report) {
    #[lru_cache(maxsize = 0, shared)]
    fn bytes(id: u64) -> Vec<u8> {
        Course::new(id).text.into_bytes()
    }

    let encoded = postcard::to_stdvec(&Course::new(1)).expect("it can be written down");
    let courses = [
        Subject::new("lruheap", Role::Ours, |id| course(id).read()),
        Subject::new("decoding", Role::Limit, move |_| {
            decode(black_box(&encoded))
        }),
    ];
    let blobs = [Subject::new("lruheap", Role::Ours, |id| {
        bytes(id).len() as u64
    })];
    let cells = [
        ("hit in the store, LMDB", &courses[..]),
        ("hit in the store, LMDB, bytes", &blobs),
    ];
    for (name, subjects) in cells {
        for id in 0..HOT {
            (subjects[0].call)(id);
        }
        report.compare((name, 1), subjects, ROUNDS, |call, turn| {
            time(call, hot(turn.round, LMDB_CALLS))
        });
    }
    assert_hits(&course::cache_info());
    assert_hits(&bytes::cache_info());
}

/// So many hot keys, others in the next round.
fn hot(round: u64, calls: u64) -> impl Iterator<Item = u64> {
    (0..calls).map(move |n| (round * calls + n) % HOT)
}

fn redis_hits(report: &Report, url: &str) {
    for id in 0..HOT {
        course(id);
    }
    let subjects = [
        Subject::new("lruheap", Role::Ours, |id| course(id).read()),
        Subject::new("cached", Role::Peer, of_cached(url)),
        Subject::new("GET and decode", Role::Limit, bare(url)),
        Subject::new("with validity", Role::Other, bare_with_generations(url)),
    ];
    let name = "hit in the store, Redis";
    report.compare((name, 1), &subjects, ROUNDS, |call, turn| {
        time(call, hot(turn.round, REDIS_CALLS))
    });
    assert_hits(&course::cache_info());
}

/// A look-up in `cached`'s store, as its attribute does it for each call.
fn of_cached(url: &str) -> impl Fn(u64) -> u64 + Send + Sync + 'static {
    let cache = RedisCache::<u64, Course>::builder("bench").connection_string(url);
    let cache = cache.build().expect("it listens");
    for id in 0..HOT {
        let set = cache.cache_set(id, Course::new(id));
        set.expect("it has room");
    }
    move |id| {
        let course = cache.cache_get(&id).expect("it answers");
        course.expect("it was set").read()
    }
}

/// A plain connection, set up as ours is.
fn connection(url: &str) -> redis::Connection {
    let info = url.into_connection_info().expect("an address");
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let client = redis::Client::open(info).expect("an address");
    client.get_connection().expect("it listens")
}

/// `GET` of a value in the format of ours, and decoding it.
fn bare(url: &str) -> impl Fn(u64) -> u64 + Send + Sync + 'static {
    let connection = Mutex::new(filled(url, "bare"));
    move |id| {
        let mut connection = connection.lock().expect("no round panics");
        let get = redis::cmd("GET").arg(key("bare", id)).to_owned();
        decode(&get.query::<Vec<u8>>(&mut *connection).expect("it was set"))
    }
}

/// How long, the value, and the numbers.
type Answer = (i64, (Vec<u8>, u64, u64, u64));

/// The same with what ours asks for: how long the value is valid, and three numbers that say
/// whether it still is.
fn bare_with_generations(url: &str) -> impl Fn(u64) -> u64 + Send + Sync + 'static {
    let mut connection = filled(url, "timed");
    for n in 0..3 {
        let set = redis::cmd("SET")
            .arg(key("generation", n))
            .arg(u64::MAX)
            .to_owned();
        set.exec(&mut connection).expect("it has room");
    }
    let connection = Mutex::new(connection);
    move |id| {
        let mut connection = connection.lock().expect("no round panics");
        let key_of_value = key("timed", id);
        let mut all = redis::pipe();
        all.cmd("PTTL").arg(&key_of_value);
        all.cmd("MGET").arg(&key_of_value);
        for n in 0..3 {
            all.arg(key("generation", n));
        }
        let (left, (value, a, b, c)): Answer = all.query(&mut *connection).expect("it was set");
        assert!(left > 0 && [a, b, c] == [u64::MAX; 3]);
        decode(&value)
    }
}

/// As long as one of ours.
fn key(name: &str, id: u64) -> String {
    format!("lruheap:{name}:{id:032x}")
}

/// A connection to a server that has all values.
fn filled(url: &str, name: &str) -> redis::Connection {
    let mut connection = connection(url);
    for id in 0..HOT {
        let value = postcard::to_stdvec(&Course::new(id)).expect("it can be written down");
        let mut set = redis::cmd("SET");
        set.arg(key(name, id)).arg(value).arg("EX").arg(24 * 3600);
        set.exec(&mut connection).expect("it has room");
    }
    connection
}

fn decode(value: &[u8]) -> u64 {
    let course: Course = postcard::from_bytes(value).expect("it was written so");
    course.read()
}

// --- What changes the store ---

#[lru_cache(maxsize = 1024, shared)]
fn shared_body(x: u64) -> u64 {
    body(x)
}

/// Keys that nobody has asked for before.
fn misses(report: &Report, name: &str, calls: u64) {
    let subjects = [
        Subject::new("lruheap", Role::Ours, shared_body),
        Subject::new(WITHOUT, Role::Other, without),
        Subject::new(COMPUTATION, Role::Limit, body),
    ];
    report.compare((name, 1), &subjects, ROUNDS, |call, turn| {
        let first = HOT + turn.round * calls;
        time(call, first..first + calls)
    });
    let info = shared_body::cache_info();
    let is_fine = info.shared_errors == 0 && info.shared_skips == 0 && info.shared_hits == 0;
    assert!(is_fine, "each call is a miss: {info}");
}

/// A function, and what removes one of its results.
struct Removal {
    call: fn(u64) -> u64,
    remove: Call,
}

fn invalidations(report: &Report) {
    let subject = |name, role, call| Subject { name, role, call };
    let ours = Removal {
        call: shared_body,
        remove: Box::new(|x| shared_body::cache_remove(x).expect("it was in memory")),
    };
    let plain = Removal {
        call: without,
        remove: Box::new(|x| without::cache_remove(x).expect("it was in memory")),
    };
    let subjects = [
        subject("lruheap", Role::Ours, ours),
        subject(WITHOUT, Role::Other, plain),
    ];
    let name = "invalidation, LMDB";
    report.compare((name, 1), &subjects, ROUNDS, |removal, _| {
        for key in 0..LMDB_CALLS {
            (removal.call)(key);
        }
        time(&removal.remove, 0..LMDB_CALLS)
    });
}
