//! Functions and methods of all kinds, whose entries have one tag.

use std::fmt::Display;
use std::hash::Hash;
use std::sync::Arc;

use crate::common::clock::clock_moves;
use crate::common::{YieldNow, block_on};
use lruheap::{CacheHost, InstanceCaches, invalidate_tag, lru_cache};

#[lru_cache(tags(format!("course:{id}"), "courses"))]
fn title(id: u32) -> String {
    format!("Course {id}")
}

#[lru_cache(tags("courses", format!("teacher:{name}")))]
fn taught_by<T: Display + Hash + Eq + Clone + Send + Sync + 'static>(name: T) -> String {
    format!("by {name}")
}

#[lru_cache(tags(format!("course:{id}")))]
async fn later(id: u32) -> u32 {
    YieldNow::default().await;
    id
}

#[lru_cache]
fn without(id: u32) -> u32 {
    id
}

#[derive(CacheHost, Default)]
struct School {
    name: &'static str,
    caches: InstanceCaches,
}

trait Place {
    fn rooms(&self, id: u32) -> u32;
}

impl School {
    #[lru_cache(tags(format!("course:{id}"), "courses", self.name))]
    fn own(&self, id: u32) -> u32 {
        id
    }

    #[lru_cache(tags(format!("course:{id}"), "courses", self.name))]
    fn tracked(self: &Arc<Self>, id: u32) -> u32 {
        id
    }

    #[lru_cache(tags(format!("course:{id}"), "courses", self.name))]
    fn tracked_by_value(self: Arc<Self>, id: u32) -> u32 {
        id
    }

    #[lru_cache(tags(format!("course:{id}"), "courses", self.name))]
    fn keyed(#[key(self.name)] &self, id: u32) -> u32 {
        id
    }

    #[lru_cache(tags(format!("course:{id}"), "courses", self.name))]
    fn shared(#[key(skip)] &self, id: u32) -> u32 {
        id
    }

    #[lru_cache(tags(format!("course:{id}"), format!("{}:{of}", self.name)))]
    fn generic<T: Display + Hash + Eq + Clone + Send + Sync + 'static>(
        &self,
        id: u32,
        of: T,
    ) -> String {
        format!("{id} {of}")
    }

    #[lru_cache(tags(format!("course:{id}"), self.name))]
    async fn later(&self, id: u32) -> u32 {
        YieldNow::default().await;
        id
    }
}

#[lru_cache]
impl School {
    const ALL: &str = "courses";

    #[lru_cache(tags(Self::ALL, format!("course:{id}")))]
    fn associated(id: u32) -> u32 {
        id
    }
}

#[lru_cache]
impl Place for School {
    #[lru_cache(tags(format!("course:{id}"), "courses"))]
    fn rooms(&self, id: u32) -> u32 {
        id
    }
}

/// Fills all caches for 1 and 2.
fn fill(schools: &[Arc<School>; 2]) {
    for id in [1, 2] {
        let _ = (title(id), without(id), block_on(later(id)));
        let _ = (taught_by(id), taught_by(id.to_string()));
        School::associated(id);
        for school in schools {
            let _ = (
                school.own(id),
                school.tracked(id),
                school.clone().tracked_by_value(id),
            );
            let _ = (school.keyed(id), school.shared(id), school.rooms(id));
            let _ = (
                school.generic(id, 'x'),
                school.generic(id, "y"),
                block_on(school.later(id)),
            );
        }
    }
}

/// How many entries there are for 1 and 2.
fn held(schools: &[Arc<School>; 2]) -> [usize; 2] {
    [1, 2].map(|id| {
        let mut all = vec![
            title::cache_contains(id),
            later::cache_contains(id),
            taught_by::<u32>::cache_contains(id),
            taught_by::<String>::cache_contains(id.to_string()),
            School::associated_cache().cache_contains((id,)),
            School::default().shared_cache().cache_contains((id,)),
        ];
        for school in schools {
            all.extend([
                school.own_cache().cache_contains((id,)),
                school.tracked_cache().cache_contains((id,)),
                school.tracked_by_value_cache().cache_contains((id,)),
                school.keyed_cache().cache_contains((id,)),
                school.rooms_cache().cache_contains((id,)),
                school.generic_cache::<char>().cache_contains((id, 'x')),
                school.generic_cache::<&str>().cache_contains((id, "y")),
                school.later_cache().cache_contains((id,)),
            ]);
        }
        all.into_iter().filter(|held| *held).count()
    })
}

#[test]
fn just_those_entries_go_in_all_caches() {
    let _turn = clock_moves();
    let school = |name| {
        let caches = InstanceCaches::new();
        Arc::new(School { name, caches })
    };
    let schools = [school("school a"), school("school b")];
    assert_eq!(invalidate_tag("courses"), 0, "before any call");
    fill(&schools);
    assert_eq!(held(&schools), [22, 22]);
    assert_eq!(
        invalidate_tag("course"),
        0,
        "no tag, but the beginning of one"
    );
    assert_eq!(invalidate_tag("course:1"), 20);
    assert_eq!(held(&schools), [2, 22], "those by teacher have another tag");
    assert_eq!(invalidate_tag("course:1"), 0);
    assert_eq!(invalidate_tag("teacher:1"), 2, "of each instantiation");

    // `shared` was computed by the first.
    assert_eq!(invalidate_tag("school a"), 6);
    assert_eq!(held(&schools), [0, 16]);
    assert_eq!(invalidate_tag("school b:x"), 1);
    assert_eq!(invalidate_tag("courses"), 10);
    assert_eq!(held(&schools), [0, 5]);
    assert_eq!(without::cache_info().currsize, 2);

    fill(&schools);
    assert_eq!(
        held(&schools),
        [22, 22],
        "they are computed anew, and tagged again"
    );
    assert_eq!(title::cache_info().invalidations, 2);
    assert_eq!(schools[0].own_cache().cache_info().invalidations, 2);
    assert_eq!(School::own_caches().cache_info().invalidations, 4);
    assert_eq!(without::cache_info().invalidations, 0);

    // An instance that has died is none of them.
    let [_, other] = schools;
    drop(other);
    assert_eq!(invalidate_tag("school b"), 2, "what is shared stays");
    assert_eq!(invalidate_tag("school a"), 12);
}
