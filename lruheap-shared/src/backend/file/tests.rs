//! What the store of files promises beyond the contract.

use std::sync::atomic::Ordering;

use super::super::contract::{holds, until};
use super::*;
use crate::folder::tests::Temporary;

const LONG: Duration = Duration::from_secs(100);

/// Patient: the machine may be busy with other tests.
fn timing() -> Timing {
    Timing {
        deadline: Duration::from_secs(5),
        ..Timing::default()
    }
}

fn try_open(folder: &Path) -> Result<File, Error> {
    File::open(folder, "file:test", timing())
}

fn open(folder: &Path) -> File {
    try_open(folder).expect("a store")
}

fn value(store: &File, key: u128) -> Option<Vec<u8>> {
    let entry = store.get(Key(key), &[]).expect("it answers").entry;
    entry.map(|(value, _)| value)
}

/// All files of one folder of entries, but its lock.
fn files(store: &File) -> Vec<PathBuf> {
    let files = std::fs::read_dir(store.inner.home.join("00")).expect("a folder");
    let paths = files.flatten().map(|file| file.path());
    paths.filter(|path| !path.ends_with("lock")).collect()
}

#[test]
fn it_holds_what_a_backend_promises() {
    fastrand::seed(7);
    let folder = Temporary::new();
    holds(&open(&folder.0), Duration::ZERO);
}

#[test]
#[ignore = "for who wants to know"]
fn measure() {
    let folder = Temporary::new();
    super::super::contract::measure("file", &open(&folder.0));
}

#[test]
fn a_file_that_is_cut_changed_or_foreign_is_a_miss_and_goes() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [Damage; 7] = [
        Vec::clear,
        |bytes| bytes.truncate(20),
        |bytes| bytes.truncate(bytes.len() - 1),
        |bytes| bytes.push(1),
        |bytes| bytes[0] ^= 1,
        |bytes| bytes[15] ^= 1,
        |bytes| bytes[40] ^= 1,
    ];
    let folder = Temporary::new();
    let store = open(&folder.0);
    for damage in damages {
        store
            .set(Key(1), &[7; 100], LONG, None)
            .expect("it takes a value");
        let path = files(&store).pop().expect("a file");
        let mut bytes = std::fs::read(&path).expect("it is there");
        damage(&mut bytes);
        std::fs::write(&path, &bytes).expect("it is ours");
        assert_eq!(value(&store, 1), None);
        assert!(!path.exists());
    }
    // An entry of another key.
    store
        .set(Key(1), b"x", LONG, None)
        .expect("it takes a value");
    let path = files(&store).pop().expect("a file");
    store
        .set(Key(2), b"x", LONG, None)
        .expect("it takes a value");
    let other = files(&store)
        .into_iter()
        .find(|it| *it != path)
        .expect("a file");
    std::fs::rename(&path, &other).expect("it is moved");
    assert_eq!(value(&store, 2), None);
    // A folder, and a lease that is none.
    std::fs::create_dir(&path).expect("a folder");
    assert_eq!(value(&store, 1), None);
    assert!(store.set(Key(1), b"x", LONG, None).is_err());
    std::fs::write(path.with_extension("lease"), b"?").expect("a file");
    assert_eq!(store.lease(Key(1), Token(1), LONG), Ok(true));
}

#[test]
fn after_a_start_of_the_machine_it_is_empty() {
    let folder = Temporary::new();
    let store = open(&folder.0);
    store
        .set(Key(1), b"x", LONG, None)
        .expect("it takes a value");
    let generation = store.generation(&[Name(1)]).expect("it answers");
    let old = store.inner.home.clone();
    drop(store);
    crate::page::age(&folder.0);
    let store = open(&folder.0);
    assert_eq!(value(&store, 1), None);
    assert_ne!(store.generation(&[Name(1)]), Ok(generation));
    until("what was left is removed", || !old.exists());
}

#[test]
fn what_expired_or_was_not_finished_is_swept() {
    let folder = Temporary::new();
    let store = open(&folder.0);
    let shard = Shard::new(&store.inner.home, 0);
    let short = Duration::from_millis(1);
    for key in 0..10 {
        store
            .set(Key(key), b"x", short, None)
            .expect("it takes a value");
        store.lease(Key(key), Token(1), short).expect("it answers");
    }
    store
        .set(Key(10), b"x", LONG, None)
        .expect("it takes a value");
    assert_eq!(store.lease(Key(11), Token(1), LONG), Ok(true));
    let now = clock::now_ms();
    let home = store.inner.home.join("00");
    std::fs::write(home.join(format!("{now:016x}-1.beside")), b"").expect("a file");
    std::fs::write(home.join("0000000000000000-1.beside"), b"").expect("a file");
    std::fs::write(home.join("mine.txt"), b"").expect("a file");
    until("they expire", || {
        shard.sweep();
        let mut kinds: Vec<_> = files(&store)
            .iter()
            .map(|path| path.extension().map(std::ffi::OsStr::to_owned))
            .collect();
        kinds.sort();
        // One that was given up is only known to be so when it is old enough.
        let is_old = clock::now_ms() > 700_000;
        kinds.len() == if is_old { 4 } else { 5 }
    });
    assert!(value(&store, 10).is_some());
    assert_eq!(store.lease(Key(11), Token(2), LONG), Ok(false));
}

#[test]
fn one_lease_is_one_s_however_many_ask() {
    let folder = Temporary::new();
    let store = open(&folder.0);
    for round in 0..20 {
        let short = Duration::from_millis(1);
        assert_eq!(store.lease(Key(round), Token(99), short), Ok(true));
        std::thread::sleep(Duration::from_millis(3));
        let winners: usize = std::thread::scope(|scope| {
            let ask = |token| {
                let store = &store;
                scope.spawn(move || store.lease(Key(round), Token(token), LONG) == Ok(true))
            };
            let threads: Vec<_> = (0..8).map(ask).collect();
            threads
                .into_iter()
                .map(|it| usize::from(it.join().expect("an answer")))
                .sum()
        });
        assert_eq!(winners, 1);
    }
}

#[test]
fn a_folder_that_is_gone_or_can_t_be_made_is_an_error() {
    let folder = Temporary::new();
    let file = folder.0.join("file");
    std::fs::write(&file, b"").expect("a file");
    assert!(try_open(&file).is_err());
    assert!(try_open(&file.join("inside")).is_err());

    let inside = folder.0.join("inside");
    let store = open(&inside);
    let watched = store.watch(Name(1));
    std::fs::remove_dir_all(&inside).expect("it is removed");
    assert!(store.set(Key(1), b"x", LONG, None).is_err());
    assert!(store.notify(Name(1)).is_err());
    assert_eq!(watched.load(Ordering::Acquire), super::super::BLIND);
    let again = open(&inside);
    again
        .set(Key(1), b"y", LONG, None)
        .expect("it takes a value");
    assert!(store.get(Key(1), &[]).is_err());
}

#[cfg(unix)]
mod processes {
    use super::super::super::other::{self, Other, obey};
    use super::*;

    const OTHER: &str = "backend::file::tests::processes::other_process";

    #[test]
    #[ignore = "the other process of those below"]
    fn other_process() {
        obey(try_open);
    }

    #[test]
    fn what_one_does_the_other_sees() {
        let folder = Temporary::new();
        let store = open(&folder.0);
        let mut other = Other::start(OTHER, &folder.0);
        other::shares(&store, &mut other);
        other::outlives_the_stopped(&store, &mut other);
        other::outlives_the_killed(&store, &mut other);
    }

    #[test]
    fn what_was_acknowledged_outlives_all_processes() {
        let folder = Temporary::new();
        let mut other = Other::start(OTHER, &folder.0);
        assert_eq!(other.ask("set 1 kept"), "()");
        let generation = other.ask("generation 1");
        other.kill();
        let mut other = Other::start(OTHER, &folder.0);
        assert_eq!(other.ask("get 1"), "kept");
        assert_eq!(other.ask("generation 1"), generation);
    }

    #[test]
    fn nobody_is_kept_by_one_that_was_killed_or_stopped() {
        let folder = Temporary::new();
        let mut store = open(&folder.0);
        store.timing.deadline = Duration::from_millis(50);
        let deadline = store.timing.deadline;
        other::is_not_kept_by_others(&store, deadline, || Other::start(OTHER, &folder.0));
    }

    #[test]
    fn a_disk_that_is_full_is_an_error_until_there_is_room() {
        let folder = Temporary::new();
        let mut other = Other::start_limited(OTHER, &folder.0, 100);
        assert_eq!(other.ask("set 1 x 50000"), "()");
        let answer = other.ask("set 1 x 150000");
        assert!(answer.contains("Full"), "{answer}");
        assert_eq!(other.ask("get 1").len(), 50_000, "what was there stays");
        let store = open(&folder.0);
        assert_eq!(files(&store).len(), 1, "nothing is left of the attempt");
        other.ask("limit");
        assert_eq!(other.ask("set 1 x 150000"), "()");
        assert_eq!(other.ask("get 1").len(), 150_000);
    }

    #[test]
    fn a_folder_that_may_not_be_written_to_is_an_error() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Temporary::new();
        let set = |mode| {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&folder.0, mode).expect("it is ours");
        };
        set(0o555);
        let error = Other::start_as(OTHER, &folder.0, other::as_nobody).map(drop);
        set(0o755);
        let error = error.expect_err("it can't write").to_string();
        // Where nobody may start this program, there is nothing to be seen.
        assert!(error.contains("Full") || !error.contains("Some"), "{error}");
    }
}
