//! Random numbers on the servers that all processes agree on: the generations, and the
//! counters of who is told what. What each is for is not known here.
//!
//! A number never comes back, because the next one is random as well. One that a server
//! forgets (it was restarted, it needed the room) is made anew, and is another one.

use std::time::Instant;

use super::command::{Answer, Command};
use super::servers::{Question, Servers};
use crate::error::Error;

/// How often numbers are made that are gone when they are read.
const TRIES: u32 = 3;

/// Where a number is: on which server, and under what key.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) server: usize,
    pub(super) key: String,
}

/// A number that nobody else has.
pub(super) fn random() -> u64 {
    // Not of a hash's keys alone: the children of one parent have those of their parent.
    crate::folder::random()
}

impl Place {
    /// The question for the number that is there.
    pub(super) fn read(&self) -> Question<'static> {
        (self.server, Command::get(self.key.clone(), "v c"))
    }

    /// Puts a number there. It stays as long as the server has room.
    pub(super) fn write(&self, number: u64) -> Question<'static> {
        let bytes = number.to_le_bytes().to_vec();
        (self.server, Command::set(self.key.clone(), 0, bytes, &[]))
    }

    fn add(&self) -> Question<'static> {
        let (server, command) = self.write(random());
        (server, command.if_absent())
    }
}

/// The number in an answer, if it is one.
pub(super) fn number(answer: &Answer) -> Option<u64> {
    match answer {
        Answer::Done(found) => found
            .value
            .as_slice()
            .try_into()
            .ok()
            .map(u64::from_le_bytes),
        _ => None,
    }
}

/// That a server has stored something.
pub(super) fn stored(answer: Answer) -> Result<bool, Error> {
    match answer {
        Answer::Done(_) => Ok(true),
        Answer::Not => Ok(false),
        Answer::TooLarge { len, most } => Err(Error::TooLarge { len, most }),
        Answer::Refused(what) if what.starts_with("out of memory") => Err(Error::Full(what)),
        Answer::Refused(what) => Err(Error::Other(what)),
    }
}

/// The numbers at these places. Where there is none, one is made: whoever is first makes
/// it, and all get that.
pub(super) fn agreed(
    servers: &Servers,
    places: &[Place],
    until: Instant,
) -> Result<Vec<u64>, Error> {
    let questions: Vec<Question<'_>> = places.iter().map(Place::read).collect();
    let mut answers = servers.ask(&questions, until)?;
    for _ in 0..TRIES {
        let numbers: Vec<Option<u64>> = answers.iter().map(number).collect();
        let missing: Vec<usize> = (0..places.len())
            .filter(|at| numbers[*at].is_none())
            .collect();
        if missing.is_empty() {
            return Ok(numbers.into_iter().flatten().collect());
        }
        let mut questions = Vec::new();
        for at in &missing {
            let place = &places[*at];
            if let Answer::Done(found) = &answers[*at] {
                // Something else is there, which is nobody's.
                let delete = Command::delete(place.key.clone()).if_still(found.version);
                questions.push((place.server, delete));
            } else {
                questions.push(place.add());
            }
            questions.push(place.read());
        }
        let mut made = servers.ask(&questions, until)?.into_iter();
        for at in missing {
            if let (Some(added), Some(read)) = (made.next(), made.next()) {
                stored(added)?;
                answers[at] = read;
            }
        }
    }
    Err(Error::Full("what was just stored is gone again".into()))
}
