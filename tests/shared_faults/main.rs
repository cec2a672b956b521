//! `shared` over stores that fail, each a real one: results stay right, calls stay short, and
//! results are shared again without a new start of the process. Needs `redis-server` and
//! `memcached`.

#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/proxy.rs"]
mod proxy;
#[path = "../common/servers.rs"]
mod servers;

mod alone;
mod functions;

mod leases;
mod local;
mod local_disk;
mod memcached;
mod owed;
mod processes;
mod races;
mod redis;
mod redis_data;
mod redis_secrets;
mod redis_way;
mod tasks;
