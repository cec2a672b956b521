//! Tests with the nodes of a cluster.

use super::*;

/// Nodes of a cluster, which share the slots.
fn cluster(count: u16) -> Vec<Server> {
    let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"];
    let servers: Vec<Server> = (0..count).map(|_| Server::start(&options)).collect();
    let share = 16_384 / count;
    for (server, i) in servers.iter().zip(0..) {
        let last = if i + 1 == count {
            16_383
        } else {
            (i + 1) * share - 1
        };
        let mut plain = server.connection();
        ::redis::cmd("CLUSTER")
            .arg("ADDSLOTSRANGE")
            .arg(i * share)
            .arg(last)
            .exec(&mut plain)
            .expect("it takes slots");
        ::redis::cmd("CLUSTER")
            .arg("MEET")
            .arg("127.0.0.1")
            .arg(servers[0].port)
            .exec(&mut plain)
            .expect("it meets the first");
    }
    for server in &servers {
        until("the cluster is up", || {
            let mut info = ::redis::cmd("CLUSTER");
            let info = info.arg("INFO").query::<String>(&mut server.connection());
            let info = info.expect("it answers");
            info.contains("cluster_state:ok")
                && info.contains(&format!("cluster_known_nodes:{count}\r"))
        });
    }
    servers
}

fn cluster_store(servers: &[Server], timing: Timing) -> Redis {
    let urls: Vec<String> = servers.iter().map(Server::url).collect();
    connect_cluster(&urls, "redis-cluster://shown".into(), timing).expect("addresses")
}

#[test]
fn a_cluster_of_one_holds_what_a_backend_promises() {
    let servers = cluster(1);
    let store = cluster_store(&servers, patient());
    contract::holds(&store, Duration::ZERO);
    contract::holds(&Tasks(store), Duration::ZERO);
}

#[test]
fn a_cluster_of_three_holds_what_a_backend_promises() {
    let servers = cluster(3);
    let a = cluster_store(&servers, patient());
    let b = cluster_store(&servers[2..], patient());
    contract::holds(&a, Duration::ZERO);
    let status = a.status().expect("it answers");
    assert_eq!(status.backend, "redis-cluster");
    assert!(status.is_up && status.entries > Some(0) && status.used.is_some());
    let names: Vec<Name> = (0..50).map(|_| name()).collect();
    let numbers = Backend::generation(&a, &names).expect("they are made, wherever they are");
    assert_eq!(Backend::generation(&b, &names), Ok(numbers.clone()));
    let read = Backend::get(&b, key(), &names).expect("it answers");
    let numbers: Vec<_> = numbers.into_iter().map(Some).collect();
    assert_eq!(read.generations, numbers);
    assert_eq!(
        read.epoch,
        Backend::get(&a, key(), &[]).expect("it answers").epoch
    );
    let name = name();
    until("both listen", || {
        a.watch(name).load(Ordering::Acquire) != BLIND
            && b.watch(name).load(Ordering::Acquire) != BLIND
    });
    for (from, to) in [(&a, &b), (&b, &a)] {
        let before = to.watch(name).load(Ordering::Acquire);
        from.notify(name).expect("it is told");
        until("the other hears of it", || {
            to.watch(name).load(Ordering::Acquire) != before
        });
    }
    contract::holds(&Tasks(b), Duration::ZERO);
}

#[test]
fn a_node_that_is_lost_costs_a_deadline_and_comes_back_as_another() {
    let mut servers = cluster(3);
    let store = cluster_store(&servers, timing(300));
    let read = || Backend::get(&store, key(), &[]);
    until("it answers", || read().is_ok());
    let before = read().expect("it answers").epoch;
    servers[1].signal("STOP");
    until("it is felt", || {
        let begin = Instant::now();
        let read = read();
        let took = begin.elapsed();
        assert!(took < Duration::from_millis(300) + SLACK, "{took:?}");
        read.is_err_and(|error| error.is_outage())
    });
    servers[1].signal("CONT");
    until("it has recovered", || read().is_ok());
    until("all of it", || (0..20).all(|_| read().is_ok()));
    assert_eq!(read().expect("it answers").epoch, before);
    servers[1].kill();
    until("it is felt", || {
        let begin = Instant::now();
        let read = read();
        let took = begin.elapsed();
        assert!(took < Duration::from_millis(300) + SLACK, "{took:?}");
        read.is_err_and(|error| error.is_outage())
    });
    servers[1].resume();
    until("it is known to be another", || {
        read().is_ok_and(|read| read.epoch != before)
    });
}
