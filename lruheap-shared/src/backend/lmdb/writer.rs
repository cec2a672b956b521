//! The thread that writes, one for each environment of a process: it has LMDB's lock for
//! writers, which another process may be stopped with. Whoever asks it waits for as long as
//! the deadline says. What is written is the business of `room.rs`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use heed::{MdbError, RwTxn};
use parking_lot::{Condvar, Mutex};

use super::super::{Key, Token};
use super::room::{Room, told};
use crate::error::Error;
use crate::page::Page;

/// The most requests that wait, and the most that go into one transaction.
const QUEUED: usize = 1024;
const BATCH: usize = 64;

/// The most bytes of values that wait.
const QUEUED_BYTES: usize = 64 << 20;

/// How often is looked after what nobody asks for: while something is written, and else.
const BUSY: Duration = Duration::from_secs(1);
const IDLE: Duration = Duration::from_secs(5);

/// How many entries are looked at then.
const SWEPT: usize = 256;

/// What is done while a transaction has no room, one after the other: a pause, in
/// milliseconds, and the percentage of entries that go. Somebody who reads keeps what was
/// replaced meanwhile, and may have lost the processor: that passes by itself. What lies in
/// pieces does not.
const MAKE_ROOM: [(u64, u64); 10] = [
    (0, 0),
    (1, 0),
    (1, 10),
    (1, 0),
    (2, 0),
    (4, 25),
    (4, 0),
    (8, 50),
    (8, 0),
    (0, 100),
];

/// A value of so many bytes needs pages in a row; for smaller ones it does not help that more
/// entries go than this percentage.
const IN_A_ROW: usize = 16 << 10;
const ENOUGH: u64 = 10;

/// What is to be done.
pub(super) enum Work {
    /// A value as `room::record` makes it, and the lease that ends with it.
    Set(Key, Vec<u8>, Option<Token>),
    Remove(Key),
    /// Takes a lease until then.
    Lease(Key, Token, u64),
    /// Prolongs one.
    Renew(Key, Token, u64),
    Release(Key, Token),
}

impl Work {
    fn len(&self) -> usize {
        match self {
            Work::Set(_, record, _) => record.len(),
            _ => 0,
        }
    }

    /// Whether it is as well done late, when nobody waits for it any more.
    fn may_be_late(&self) -> bool {
        matches!(self, Work::Remove(_) | Work::Release(..))
    }

    fn apply(&mut self, room: &Room, txn: &mut RwTxn<'_>) -> heed::Result<bool> {
        match self {
            Work::Set(key, record, lease) => {
                room.set(txn, *key, record)?;
                if let Some(token) = lease {
                    room.release(txn, *key, *token)?;
                }
            }
            Work::Remove(key) => room.remove(txn, *key)?,
            Work::Lease(key, token, end) => return room.lease(txn, *key, *token, *end, true),
            Work::Renew(key, token, end) => return room.lease(txn, *key, *token, *end, false),
            Work::Release(key, token) => room.release(txn, *key, *token)?,
        }
        Ok(true)
    }
}

fn is_full<T>(result: &heed::Result<T>) -> bool {
    matches!(result, Err(heed::Error::Mdb(MdbError::MapFull)))
}

/// Where the answer is waited for.
#[derive(Default)]
struct Slot {
    answer: Mutex<Answer>,
    changed: Condvar,
}

#[derive(Default)]
enum Answer {
    #[default]
    Awaited,
    Given(Result<bool, Error>),
    /// Nobody waits any more.
    Late,
}

struct Request {
    work: Work,
    until: Instant,
    deadline: Duration,
    slot: Arc<Slot>,
}

impl Request {
    /// Gives the answer. Says whether somebody was there to have it.
    fn answer(&self, result: Result<bool, Error>) -> bool {
        let mut answer = self.slot.answer.lock();
        if matches!(*answer, Answer::Late) {
            return false;
        }
        *answer = Answer::Given(result);
        drop(answer);
        self.slot.changed.notify_one();
        true
    }

    fn is_in_vain(&self) -> bool {
        !self.work.may_be_late() && Instant::now() >= self.until
    }
}

/// The way to the thread. It ends when this is dropped.
pub(super) struct Writer {
    queue: SyncSender<Request>,
    bytes: Arc<AtomicUsize>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(room: Arc<Room>, page: Arc<Page>, folder: PathBuf) -> Result<Self, Error> {
        let (queue, requests) = sync_channel(QUEUED);
        let bytes = Arc::new(AtomicUsize::new(0));
        let thread = Thread {
            room,
            page,
            folder,
            requests,
            bytes: Arc::clone(&bytes),
            swept: 0,
            is_stuck: false,
        };
        std::thread::Builder::new()
            .name("lruheap-lmdb".into())
            .spawn(move || thread.run())
            .map_err(|error| Error::Other(format!("no thread to write with: {error}")))?;
        Ok(Writer { queue, bytes })
    }

    /// Has something done, and waits until it is, or the deadline is over.
    pub(super) fn ask(&self, work: Work, deadline: Duration) -> Result<bool, Error> {
        let len = work.len();
        if self.bytes.fetch_add(len, Ordering::Relaxed) > QUEUED_BYTES {
            self.bytes.fetch_sub(len, Ordering::Relaxed);
            return Err(Error::Timeout(deadline));
        }
        let slot = Arc::new(Slot::default());
        let until = Instant::now() + deadline;
        let request = Request {
            work,
            until,
            deadline,
            slot: Arc::clone(&slot),
        };
        if let Err(error) = self.queue.try_send(request) {
            self.bytes.fetch_sub(len, Ordering::Relaxed);
            return Err(match error {
                TrySendError::Full(_) => Error::Timeout(deadline),
                TrySendError::Disconnected(_) => Error::Unreachable("its writer has ended".into()),
            });
        }
        let mut answer = slot.answer.lock();
        while matches!(*answer, Answer::Awaited) {
            if slot.changed.wait_until(&mut answer, until).timed_out() {
                break;
            }
        }
        match std::mem::replace(&mut *answer, Answer::Late) {
            Answer::Given(result) => result,
            Answer::Awaited | Answer::Late => Err(Error::Timeout(deadline)),
        }
    }
}

struct Thread {
    room: Arc<Room>,
    page: Arc<Page>,
    folder: PathBuf,
    requests: Receiver<Request>,
    bytes: Arc<AtomicUsize>,
    /// How far the sweep has come.
    swept: u64,
    /// Whether there was no room, whatever was done for it.
    is_stuck: bool,
}

impl Thread {
    fn run(mut self) {
        for left in self.page.leavings(&self.folder) {
            let _ = std::fs::remove_dir_all(left);
        }
        let mut looked = Instant::now();
        loop {
            match self.requests.recv_timeout(IDLE) {
                Ok(first) => self.serve(first),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if looked.elapsed() >= BUSY {
                self.look_after();
                looked = Instant::now();
            }
        }
    }

    fn look_after(&mut self) {
        self.page.look();
        let done = self
            .room
            .forget_readers()
            .and_then(|_| self.room.sweep(&mut self.swept, SWEPT));
        if let Err(error) = done {
            tracing::debug!("the shared store could not be swept: {error}");
        }
    }

    /// Does what is asked for by now in one transaction.
    fn serve(&mut self, first: Request) {
        let mut len = first.work.len();
        let mut batch = vec![first];
        let (count, bytes) = self.room.batch();
        while batch.len() < count.min(BATCH) && len < bytes {
            let Ok(next) = self.requests.try_recv() else {
                break;
            };
            len += next.work.len();
            batch.push(next);
        }
        self.bytes.fetch_sub(len, Ordering::Relaxed);
        batch.retain(|request| {
            let is_in_vain = request.is_in_vain();
            if is_in_vain {
                request.answer(Err(Error::Timeout(request.deadline)));
            }
            !is_in_vain
        });
        if batch.is_empty() {
            return;
        }
        let page = Arc::clone(&self.page);
        let results = page.check().and_then(|()| self.apply(&mut batch));
        let mut undone = Vec::new();
        for (at, request) in batch.iter().enumerate() {
            let result = results
                .as_ref()
                .map(|results| results[at])
                .map_err(Clone::clone);
            let is_taken = result == Ok(true);
            // A lease that nobody knows of would keep all others waiting.
            if let (false, true, Work::Lease(key, token, _)) =
                (request.answer(result), is_taken, &request.work)
            {
                undone.push((*key, *token));
            }
        }
        if !undone.is_empty() {
            let released = self.room.write(|txn| {
                undone
                    .iter()
                    .try_for_each(|(key, token)| self.room.release(txn, *key, *token))
            });
            if let Err(error) = released {
                tracing::debug!("a lease that came too late stays until it ends: {error}");
            }
        }
    }

    fn apply(&mut self, batch: &mut [Request]) -> Result<Vec<bool>, Error> {
        let is_large = batch.iter().any(|request| request.work.len() >= IN_A_ROW);
        let mut steps = MAKE_ROOM.iter();
        loop {
            let done = self.room.write(|txn| {
                let apply = |request: &mut Request| request.work.apply(&self.room, txn);
                batch
                    .iter_mut()
                    .map(apply)
                    .collect::<heed::Result<Vec<bool>>>()
            });
            if !is_full(&done) {
                self.is_stuck = false;
                return done.map_err(told);
            }
            // If all of that was in vain a moment ago, it is again, and costs entries.
            let step = steps.next().filter(|_| !self.is_stuck);
            let Some((pause, percent)) = step else {
                self.is_stuck = true;
                return done.map_err(told);
            };
            self.room.forget_readers().map_err(told)?;
            std::thread::sleep(Duration::from_millis(*pause));
            if *percent > 0 && (is_large || *percent <= ENOUGH) {
                let made = self.room.make_room(*percent);
                if !is_full(&made) {
                    made.map_err(told)?;
                }
            }
        }
    }
}
