//! What the workers remember, each in its own memory and all of them in the store.
//!
//! How long a result may live is two questions. In the store, one process that computed it has
//! done so for all. In memory a hit costs nanoseconds; what others invalidate is gone from there
//! as well, but what becomes wrong without anybody saying so stays until its time is over: so
//! that time is the shorter one.
//!
//! | | in memory | in the store | wrong when |
//! | --- | --- | --- | --- |
//! | `catalogue`, `course` | 60 s | 300 s | a course is renamed, and that is said |
//! | `enrolment` | 5 s | 30 s | the student enrols, and that is said |
//! | `certificate` | an hour | a day, as there is no `ttl` | never |
//! | `schedule` | 30 s | 60 s | lecturers are ill, and nobody says so |

use std::io;

use lruheap::{CacheInfo, cache_invalidate, lru_cache};
use serde::{Deserialize, Serialize};

use crate::database::{Course, database, ranking};

/// The most popular courses, for the first page. (`maxsize = 2`, so that `/get_cache_info` says
/// what it says elsewhere.)
///
/// The namespace is that of the database: a server that has another one finds nothing of this.
#[lru_cache(maxsize = 2, shared(namespace = database().name()))]
pub(crate) fn popular(count: usize) -> Vec<u32> {
    database().popular(count)
}

/// The names of all courses.
#[lru_cache(maxsize = 1, ttl = 60, shared(ttl = 300, namespace = database().name()))]
pub(crate) fn catalogue() -> io::Result<Vec<String>> {
    let courses = database().courses()?;
    Ok(courses.into_iter().map(|course| course.title).collect())
}

/// One course. That there is none is an `Err`, and asked anew each time.
#[lru_cache(maxsize = 1024, ttl = 60, shared(ttl = 300, namespace = database().name()))]
pub(crate) fn course(id: u32) -> io::Result<Course> {
    database().course(id)
}

/// When this has returned, no worker has the old title any more.
#[cache_invalidate(course(id), catalogue)]
pub(crate) fn rename(id: u32, title: &str) -> io::Result<()> {
    database().rename(id, title)
}

/// The courses of a student.
#[lru_cache(maxsize = 10_000, ttl = 5, shared(ttl = 30, namespace = database().name()))]
pub(crate) fn enrolment(student: &str) -> io::Result<Vec<u32>> {
    database().enrolments(student)
}

/// When this has returned, all workers know of it; a worker that was just reading the old
/// enrolment does not keep it.
#[cache_invalidate(enrolment(student))]
pub(crate) fn enrol(student: &str, course: u32) -> io::Result<()> {
    database().enrol(student, course)
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Certificate {
    student: String,
    course: String,
    number: u64,
}

/// What was certified once, stays so. Only those who are enrolled get one: the others get an
/// `Err`, which is not kept.
#[lru_cache(ttl = 3600, shared(namespace = database().name()))]
pub(crate) fn certificate(student: &str, id: u32) -> io::Result<Certificate> {
    if !enrolment(student)?.contains(&id) {
        return Err(io::Error::new(io::ErrorKind::NotFound, "not enrolled"));
    }
    Ok(Certificate {
        student: student.into(),
        course: course(id)?.title,
        number: database().sign(student, id),
    })
}

/// What takes place on a day.
#[lru_cache(maxsize = 7, ttl = 30, shared(ttl = 60, namespace = database().name()))]
pub(crate) fn schedule(day: &str) -> io::Result<Vec<(String, u32)>> {
    database().schedule(day)
}

/// Where the results of the warm-up were.
pub(crate) struct Found {
    pub(crate) shared: u64,
    pub(crate) computed: u64,
}

/// Has the catalogue and the courses that most will ask for in memory before anybody does. The
/// first worker computes them; the others find them in the store.
pub(crate) fn warm_up() -> io::Result<Found> {
    catalogue()?;
    for id in ranking().take(100) {
        course(id)?;
    }
    let infos = [catalogue::cache_info(), course::cache_info()];
    let sum = |count: fn(&CacheInfo) -> u64| infos.iter().map(count).sum();
    Ok(Found {
        shared: sum(|info| info.shared_hits),
        computed: sum(|info| info.misses),
    })
}
