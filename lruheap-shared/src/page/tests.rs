//! What the page of counters promises.

use super::*;
use crate::folder::tests::Temporary;
use std::time::Duration;

fn open(folder: &Path) -> Page {
    let held = folder::hold(&folder.join("lock"), Duration::from_secs(5)).expect("a lock");
    Page::open(folder, &held).expect("a page")
}

#[test]
fn two_who_open_a_folder_share_one_page() {
    let folder = Temporary::new();
    let pages: Vec<Page> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| open(&folder.0))).collect();
        threads
            .into_iter()
            .map(|it| it.join().expect("a page"))
            .collect()
    });
    let (name, other) = (Name(7), Name(8));
    let before = pages[0].generation(name);
    let watched = pages[1].watch(name).load(Ordering::Acquire);
    pages[2].advance(name);
    assert_eq!(pages[3].notify(name), Ok(watched));
    for page in &pages {
        assert_eq!(page.epoch(), pages[0].epoch());
        assert_eq!(page.generation(name), before.wrapping_add(1));
        assert_eq!(page.generation(other), before, "its cell was not touched");
        assert_eq!(page.watch(name).load(Ordering::Acquire), watched + 1);
        assert_eq!(page.watch(other).load(Ordering::Acquire), watched);
    }
    let names: Vec<_> = std::fs::read_dir(&folder.0)
        .expect("a folder")
        .flatten()
        .collect();
    assert_eq!(names.len(), 2, "the page and the lock: {names:?}");
}

#[test]
fn a_page_that_is_of_no_use_is_made_anew_and_whoever_has_it_is_blind() {
    type Damage = fn(&Page);
    let damages: [Damage; 2] = [
        |page| page.words[AT_MAGIC].store(1, Ordering::Release),
        |page| page.words[AT_BOOT].store(1, Ordering::Release),
    ];
    for damage in damages {
        let folder = Temporary::new();
        let old = open(&folder.0);
        old.check().expect("it is alive");
        damage(&old);
        let new = open(&folder.0);
        assert_ne!(new.epoch(), old.epoch());
        new.check().expect("it is alive");
        old.check().expect_err("it is dead");
        assert_eq!(old.watch(Name(1)).load(Ordering::Acquire), BLIND);
        old.notify(Name(1)).expect_err("nobody would hear of it");
        assert_eq!(old.watch(Name(1)).load(Ordering::Acquire), BLIND);
    }
}

#[test]
fn one_that_is_too_short_or_gone_is_made_anew() {
    let folder = Temporary::new();
    std::fs::write(folder.0.join(FILE), b"foreign").expect("a file");
    let old = open(&folder.0);
    old.look();
    old.check().expect("it is where it was");
    std::fs::remove_file(folder.0.join(FILE)).expect("it is removed");
    let new = open(&folder.0);
    assert_ne!(new.epoch(), old.epoch());
    old.look();
    old.check().expect_err("another is there");
}

#[cfg(target_os = "linux")]
#[test]
fn it_has_no_holes() {
    use std::os::unix::fs::MetadataExt;
    let folder = Temporary::new();
    open(&folder.0);
    let data = std::fs::metadata(folder.0.join(FILE)).expect("it is there");
    assert_eq!(data.len(), BYTES as u64);
    let _ = File::open(folder.0.join(FILE)).and_then(|file| file.sync_all());
    let data = std::fs::metadata(folder.0.join(FILE)).expect("it is there");
    assert!(data.blocks() * 512 >= BYTES as u64, "{}", data.blocks());
}

#[test]
fn only_what_is_a_page_s_is_left_behind() {
    let folder = Temporary::new();
    let page = open(&folder.0);
    for name in [
        "1-0123456789abcdef",
        "1-short",
        "mine",
        "2-0123456789abcdef",
    ] {
        folder::make(&folder.0.join(name)).expect("a folder");
    }
    folder::make(&page.home(&folder.0)).expect("its home");
    let expected = folder.0.join("1-0123456789abcdef");
    assert_eq!(page.leavings(&folder.0), [expected]);
}
