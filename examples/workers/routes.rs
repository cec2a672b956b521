//! What is answered to which request.

use std::io;

use lruheap::shared::Status;
use serde::Serialize;
use serde_json::{Value, json};

use crate::courses;
use crate::http::{Request, Response};

/// The answer of a worker.
pub(crate) fn answer(request: &Request) -> Response {
    let path: Vec<&str> = request.path.split('/').skip(1).collect();
    match (request.method.as_str(), &path[..]) {
        ("GET", [""]) => Response::ok(&courses::popular(10)),
        ("GET", ["get_cache_info"]) => Response::ok(&Info::of_popular()),
        ("GET", ["status"]) => Response::ok(&status()),
        ("GET", ["catalogue"]) => found(courses::catalogue()),
        ("GET", ["course", id]) => found(number(id).and_then(courses::course)),
        ("POST", ["course", id]) => {
            found(number(id).and_then(|id| courses::rename(id, &request.body)))
        }
        ("GET", ["enrolment", student]) => found(courses::enrolment(student)),
        ("POST", ["enrol", student, course]) => {
            found(number(course).and_then(|course| courses::enrol(student, course)))
        }
        ("GET", ["certificate", student, course]) => {
            found(number(course).and_then(|course| courses::certificate(student, course)))
        }
        ("GET", ["schedule", day]) => found(courses::schedule(day)),
        _ => Response::error(404, "no such page"),
    }
}

/// The counters of `/`, as the worker has them that answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    hits: u64,
    misses: u64,
    maxsize: Option<usize>,
    currsize: usize,
}

impl Info {
    fn of_popular() -> Self {
        let info = courses::popular::cache_info();
        Info {
            hits: info.hits,
            misses: info.misses,
            maxsize: info.maxsize,
            currsize: info.currsize,
        }
    }
}

/// What the store tells of itself, and the caches of this worker.
fn status() -> Value {
    let Status {
        backend,
        address,
        is_up,
        entries,
        used,
        limit,
        ..
    } = lruheap::shared::status();
    let info = |info: lruheap::CacheInfo| {
        json!({
            "hits": info.hits,
            "misses": info.misses,
            "currsize": info.currsize,
            "shared_hits": info.shared_hits,
            "shared_misses": info.shared_misses,
            "shared_errors": info.shared_errors,
            "shared_skips": info.shared_skips,
        })
    };
    json!({
        "store": {
            "backend": backend, "address": address, "is_up": is_up,
            "entries": entries, "used": used, "limit": limit,
        },
        "caches": {
            "popular": info(courses::popular::cache_info()),
            "catalogue": info(courses::catalogue::cache_info()),
            "course": info(courses::course::cache_info()),
            "enrolment": info(courses::enrolment::cache_info()),
            "certificate": info(courses::certificate::cache_info()),
            "schedule": info(courses::schedule::cache_info()),
        },
    })
}

fn number(text: &str) -> io::Result<u32> {
    let wrong = |_| io::Error::new(io::ErrorKind::InvalidInput, "courses have numbers");
    text.parse().map_err(wrong)
}

fn found(result: io::Result<impl Serialize>) -> Response {
    match result {
        Ok(value) => Response::ok(&value),
        Err(error) => {
            let status = match error.kind() {
                io::ErrorKind::NotFound => 404,
                io::ErrorKind::InvalidInput => 400,
                _ => 500,
            };
            Response::error(status, &error.to_string())
        }
    }
}
