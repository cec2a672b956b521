//! What the store on this machine promises beyond the contract.

use std::time::Instant;

use super::super::contract::{holds, until};
use super::*;
use crate::folder::tests::Temporary;

const LONG: Duration = Duration::from_secs(100);
const SIZE: u64 = 8 << 20;

/// Patient: the machine may be busy with other tests.
fn timing() -> Timing {
    Timing {
        deadline: Duration::from_secs(5),
        ..Timing::default()
    }
}

fn try_open(folder: &Path, size: u64) -> Result<Lmdb, Error> {
    Lmdb::open(folder, size, "lmdb:test", timing())
}

fn open(folder: &Path, size: u64) -> Lmdb {
    try_open(folder, size).expect("a store")
}

fn value(store: &Lmdb, key: u128) -> Option<Vec<u8>> {
    let entry = store.get(Key(key), &[]).expect("it answers").entry;
    entry.map(|(value, _)| value)
}

/// Forgets a store as the end of its process would. No other thread has read from it.
fn close(folder: &Temporary, store: Lmdb) {
    OPENED.lock().retain(|(path, _)| *path != folder.0);
    let inner = Arc::downgrade(&store.inner.room);
    drop(store);
    until("it is closed", || inner.strong_count() == 0);
}

fn file(folder: &Temporary) -> PathBuf {
    let home = std::fs::read_dir(&folder.0).expect("a folder").flatten();
    let home = home.map(|entry| entry.path()).find(|path| path.is_dir());
    home.expect("a home").join("data.mdb")
}

#[test]
fn it_holds_what_a_backend_promises() {
    fastrand::seed(7);
    let folder = Temporary::new();
    holds(&open(&folder.0, 1 << 20), Duration::ZERO);
}

#[test]
#[ignore = "for who wants to know"]
fn measure() {
    let folder = Temporary::new();
    super::super::contract::measure("lmdb", &open(&folder.0, 64 << 20));
}

#[test]
fn a_full_map_forgets_what_is_oldest() {
    fastrand::seed(8);
    for size in [1 << 20, 3 << 20] {
        let folder = Temporary::new();
        let store = open(&folder.0, size);
        for key in 0..3000 {
            let bytes = vec![7; fastrand::usize(1..50_000)];
            store
                .set(Key(key), &bytes, LONG, None)
                .expect("there is always room");
            assert_eq!(value(&store, key), Some(bytes), "{key}");
            if key > 3 {
                assert!(
                    value(&store, key - 3).is_some(),
                    "{key}: those before stay for a while"
                );
            }
        }
        assert_eq!(value(&store, 0), None);
        let status = store.status().expect("it answers");
        let entries = status.entries.expect("a number");
        assert!(entries > 3 && entries < 200, "{entries}");
        assert!(status.used.expect("a number") <= size * 3 / 4);
        let len = std::fs::metadata(file(&folder)).expect("it is there").len();
        assert!(len <= size, "{len}");
        let most = usize::try_from(size / 4).expect("it is small");
        store
            .set(Key(1), &vec![1; most], LONG, None)
            .expect("the largest that it takes");
        let error = store.set(Key(1), &vec![1; most + 1], LONG, None);
        assert_eq!(
            error,
            Err(Error::TooLarge {
                len: most + 1,
                most
            })
        );
        close(&folder, store);
    }
}

#[test]
fn small_values_fill_a_map_as_well() {
    let folder = Temporary::new();
    let store = open(&folder.0, 1 << 20);
    for key in 0..20_000_u128 {
        let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        store
            .set(Key(key), &[1; 20], LONG, None)
            .expect("there is always room");
    }
    let entries = store
        .status()
        .expect("it answers")
        .entries
        .expect("a number");
    assert!(entries > 2000, "{entries}");
    close(&folder, store);
}

#[test]
fn what_is_written_again_is_young_again() {
    let folder = Temporary::new();
    let store = open(&folder.0, 1 << 20);
    let bytes = vec![7; 20_000];
    for key in 0..200 {
        store
            .set(Key(key), &bytes, LONG, None)
            .expect("it takes a value");
        store
            .set(Key(1000), b"again", LONG, None)
            .expect("it takes a value");
        assert!(value(&store, 1000).is_some());
    }
    store.remove(Key(1000)).expect("it is removed");
    assert_eq!(value(&store, 1000), None);
    close(&folder, store);
}

#[test]
fn a_damaged_environment_is_made_anew() {
    type Damage = fn(&Path);
    let damages: [Damage; 4] = [
        |path| std::fs::write(path, b"garbage").expect("a file"),
        |path| std::fs::write(path, vec![0xa5; 100_000]).expect("a file"),
        |path| std::fs::write(path, b"").expect("a file"),
        |path| {
            let file = folder::options().open(path).expect("a file");
            file.set_len(9000).expect("it is cut");
        },
    ];
    for damage in damages {
        let folder = Temporary::new();
        let store = open(&folder.0, SIZE);
        for key in 0..50 {
            store
                .set(Key(key), &[1; 1000], LONG, None)
                .expect("it takes a value");
        }
        close(&folder, store);
        damage(&file(&folder));
        let store = open(&folder.0, SIZE);
        assert_eq!(value(&store, 1), None);
        store
            .set(Key(1), b"new", LONG, None)
            .expect("it takes a value");
        assert_eq!(value(&store, 1).as_deref(), Some(&b"new"[..]));
        close(&folder, store);
    }
}

#[test]
fn a_store_that_is_closed_and_opened_has_what_it_had() {
    let folder = Temporary::new();
    let store = open(&folder.0, SIZE);
    store
        .set(Key(1), b"x", LONG, None)
        .expect("it takes a value");
    let generation = store.generation(&[Name(1)]);
    let again = open(&folder.0, 2 * SIZE);
    assert!(Arc::ptr_eq(&store.inner, &again.inner), "one for a process");
    drop(again);
    close(&folder, store);
    let store = open(&folder.0, 2 * SIZE);
    assert_eq!(store.status().expect("it answers").limit, Some(2 * SIZE));
    assert_eq!(value(&store, 1).as_deref(), Some(&b"x"[..]));
    assert_eq!(store.generation(&[Name(1)]), generation);
    close(&folder, store);
}

#[test]
fn after_a_start_of_the_machine_it_is_empty() {
    let folder = Temporary::new();
    let store = open(&folder.0, SIZE);
    store
        .set(Key(1), b"x", LONG, None)
        .expect("it takes a value");
    let generation = store.generation(&[Name(1)]).expect("it answers");
    let epoch = store.get(Key(1), &[]).expect("it answers").epoch;
    let old = file(&folder);
    close(&folder, store);
    crate::page::age(&folder.0);
    let store = open(&folder.0, SIZE);
    assert_eq!(value(&store, 1), None);
    assert_ne!(store.generation(&[Name(1)]), Ok(generation));
    assert_ne!(store.get(Key(1), &[]).expect("it answers").epoch, epoch);
    until("what was left is removed", || !old.exists());
    close(&folder, store);
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_written_in_place_has_no_holes() {
    use std::os::unix::fs::MetadataExt;
    let folder = Temporary::new();
    let store = open(&folder.0, SIZE);
    let path = file(&folder).with_file_name("lock.mdb");
    let file = std::fs::metadata(path).expect("it is there");
    assert!(
        file.blocks() * 512 >= file.len(),
        "{} of {}",
        file.blocks(),
        file.len()
    );
    close(&folder, store);
}

#[test]
fn what_expired_is_swept() {
    let folder = Temporary::new();
    let store = open(&folder.0, SIZE);
    let short = Duration::from_millis(1);
    for key in 0..100 {
        store
            .set(Key(key), b"x", short, None)
            .expect("it takes a value");
        store.lease(Key(key), Token(1), short).expect("it answers");
    }
    store
        .set(Key(100), b"x", LONG, None)
        .expect("it takes a value");
    until("they are swept", || {
        store
            .set(Key(101), b"x", LONG, None)
            .expect("it takes a value");
        store.status().expect("it answers").entries == Some(2)
    });
    assert!(value(&store, 100).is_some());
    close(&folder, store);
}

#[test]
fn who_writes_may_keep_others_for_their_deadline_alone() {
    let folder = Temporary::new();
    let mut store = open(&folder.0, SIZE);
    store
        .set(Key(1), b"x", LONG, None)
        .expect("it takes a value");
    store.timing.deadline = Duration::from_millis(20);
    let room = Arc::clone(&store.inner.room);
    let (tell, told) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            room.write(|_| {
                tell.send(()).expect("it waits for this");
                // Until all of those who wait have given up, or the test has.
                let _ = ended.recv();
                Ok(())
            })
        });
        let _end = end;
        told.recv().expect("it begins");
        let begin = Instant::now();
        let late = Err(Error::Timeout(store.timing.deadline));
        assert_eq!(store.lease(Key(5), Token(1), LONG), late);
        assert_eq!(store.set(Key(6), b"x", LONG, None), late.clone().map(drop));
        assert_eq!(store.remove(Key(1)), late.map(drop));
        assert!(value(&store, 1).is_some(), "reading waits for nobody");
        assert!(begin.elapsed() < Duration::from_millis(400));
    });
    store.timing = timing();
    // The lease was taken when nobody waited for it any more, and so given back.
    assert_eq!(store.lease(Key(5), Token(2), LONG), Ok(true));
    assert_eq!(value(&store, 6), None, "in vain");
    assert_eq!(value(&store, 1), None, "late, but better than never");
    close(&folder, store);
}

#[test]
fn a_folder_that_is_gone_or_can_t_be_made_is_an_error() {
    let folder = Temporary::new();
    let file = folder.0.join("file");
    std::fs::write(&file, b"").expect("a file");
    assert!(try_open(&file, SIZE).is_err());
    assert!(try_open(&file.join("inside"), SIZE).is_err());

    let inside = folder.0.join("inside");
    let store = open(&inside, SIZE);
    let watched = store.watch(Name(1));
    store
        .set(Key(1), b"x", LONG, None)
        .expect("it takes a value");
    std::fs::remove_dir_all(&inside).expect("it is removed");
    let again = open(&inside, SIZE);
    assert_eq!(value(&again, 1), None);
    again
        .set(Key(1), b"y", LONG, None)
        .expect("it takes a value");
    assert!(store.get(Key(1), &[]).is_err());
    assert!(store.set(Key(1), b"x", LONG, None).is_err());
    assert!(store.notify(Name(1)).is_err());
    assert_eq!(
        watched.load(std::sync::atomic::Ordering::Acquire),
        super::super::BLIND
    );
}

#[test]
fn many_threads_use_it_at_once() {
    // In the small one there may be no room at times: a thread that reads keeps what others
    // replace, while it waits for the processor.
    for size in [SIZE, 1 << 20] {
        let folder = Temporary::new();
        let store = open(&folder.0, size);
        std::thread::scope(|scope| {
            for thread in 0..8_u128 {
                let store = &store;
                scope.spawn(move || {
                    for round in 0..300_u128 {
                        let key = thread << 32 | round;
                        let bytes = vec![1; 500];
                        let set = store.set(Key(key), &bytes, LONG, None);
                        let found = value(store, key);
                        assert!(found.as_ref().is_none_or(|found| *found == bytes));
                        if size == SIZE {
                            set.expect("it takes a value");
                            assert!(found.is_some());
                        }
                    }
                });
            }
        });
        store.set(Key(1), b"x", LONG, None).expect("there is room");
        assert_eq!(value(&store, 1).as_deref(), Some(&b"x"[..]));
        // It stays open, as it does in a program: those threads may not quite have ended.
    }
}

#[cfg(unix)]
mod processes;
