//! A database that is slow: two files that only grow, and a delay for each question.

use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Course {
    pub(crate) id: u32,
    pub(crate) title: String,
    pub(crate) seats: u32,
}

pub(crate) struct Database {
    folder: PathBuf,
    delay: Duration,
}

static DATABASE: OnceLock<Database> = OnceLock::new();

/// How many courses there are: 1 to this.
const COURSES: u32 = 200;

/// The courses, the most popular ones first: as they were last night, and in a file beside.
pub(crate) fn ranking() -> impl Iterator<Item = u32> {
    (1..=COURSES).rev()
}

/// Opens the database in a folder, which is made if need be.
pub(crate) fn open(folder: &Path, delay: Duration) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    DATABASE.get_or_init(|| Database { folder, delay });
    Ok(())
}

/// The one that was opened.
pub(crate) fn database() -> &'static Database {
    DATABASE.get().expect("the database is opened at the start")
}

impl Database {
    /// What tells it from other databases.
    pub(crate) fn name(&self) -> String {
        self.folder.display().to_string()
    }

    pub(crate) fn popular(&self, count: usize) -> Vec<u32> {
        self.work();
        ranking().take(count).collect()
    }

    pub(crate) fn courses(&self) -> io::Result<Vec<Course>> {
        self.work();
        let titles = self.lines("titles")?;
        Ok((1..=COURSES).map(|id| titled(id, &titles)).collect())
    }

    pub(crate) fn course(&self, id: u32) -> io::Result<Course> {
        self.work();
        check(id)?;
        Ok(titled(id, &self.lines("titles")?))
    }

    pub(crate) fn rename(&self, id: u32, title: &str) -> io::Result<()> {
        self.work();
        check(id)?;
        let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ");
        self.append("titles", &format!("{id} {title}"))
    }

    pub(crate) fn enrolments(&self, student: &str) -> io::Result<Vec<u32>> {
        self.work();
        let lines = self.lines("enrolments")?;
        let of_student = |(who, course): &(String, String)| {
            (who == student).then(|| course.parse().ok()).flatten()
        };
        Ok(lines.iter().filter_map(of_student).collect())
    }

    pub(crate) fn enrol(&self, student: &str, course: u32) -> io::Result<()> {
        self.work();
        check(course)?;
        self.append("enrolments", &format!("{student} {course}"))
    }

    /// The number of a certificate.
    pub(crate) fn sign(&self, student: &str, course: u32) -> u64 {
        self.work();
        let mut hasher = DefaultHasher::new();
        (student, course).hash(&mut hasher);
        hasher.finish() % 1_000_000
    }

    pub(crate) fn schedule(&self, day: &str) -> io::Result<Vec<(String, u32)>> {
        self.work();
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
        let day = (1..).zip(days).find(|(_, name)| *name == day);
        let (number, _) = day.ok_or_else(|| missing("no lectures on such a day"))?;
        let lecture = |hour: u32| (format!("{hour}:00"), hour * number);
        Ok((8..18).map(lecture).collect())
    }

    fn work(&self) {
        thread::sleep(self.delay);
    }

    /// All lines of a file, each taken apart at its first space.
    fn lines(&self, file: &str) -> io::Result<Vec<(String, String)>> {
        let text = match fs::read_to_string(self.folder.join(file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        Ok(lines.map(|(a, b)| (a.into(), b.into())).collect())
    }

    /// Adds a line, at one go: several processes do.
    fn append(&self, file: &str, line: &str) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.folder.join(file))?;
        file.write_all(format!("{line}\n").as_bytes())
    }
}

/// A course with its latest title.
fn titled(id: u32, titles: &[(String, String)]) -> Course {
    let own = id.to_string();
    let title = titles.iter().rev().find(|(id, _)| *id == own);
    Course {
        id,
        title: title.map_or_else(|| format!("Course {id}"), |(_, title)| title.clone()),
        seats: 20 + id % 7 * 5,
    }
}

fn check(id: u32) -> io::Result<()> {
    match id {
        1..=COURSES => Ok(()),
        _ => Err(missing("no such course")),
    }
}

fn missing(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, what)
}
