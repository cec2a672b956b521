//! A connection of the thread in the background: to one server, or to a cluster.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::redis::aio::MultiplexedConnection;
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use ::redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, Value};
use futures_util::future::try_join_all;
use parking_lot::Mutex;

use super::Report;
use super::commands::{Info, Plan, info};
use super::failures::{self, Failure};

/// How old what is known of the epoch of a cluster may be when something is read there.
const EPOCH_AGE: Duration = Duration::from_secs(1);

/// Where a connection leads.
pub(super) enum Way {
    Server(Client),
    Cluster(ClusterClient),
}

/// How connections are made.
pub(super) struct Route {
    pub(super) way: Way,
    pub(super) patience: Duration,
    pub(super) report: Arc<Report>,
}

impl Route {
    pub(super) async fn open(&self) -> Result<Link, Failure> {
        let fail = |error| failures::by_client(&error, self.patience);
        match &self.way {
            Way::Server(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(self.patience))
                    .set_response_timeout(None)
                    .set_pipeline_buffer_size(1000);
                let connection = client.get_multiplexed_async_connection_with_config(&config);
                let mut connection = connection.await.map_err(fail)?;
                let mut greeting = Pipeline::new();
                greeting.add_command(info("server"));
                greeting.add_command(info("memory"));
                let texts: Vec<Value> =
                    greeting.query_async(&mut connection).await.map_err(fail)?;
                let info = Info::read(&texts);
                self.report.look(&info);
                let epoch = info.epoch().map_err(Failure::broken)?;
                Ok(Link::Server(Arc::new((connection, epoch))))
            }
            Way::Cluster(client) => {
                let connection = client.get_async_connection().await.map_err(fail)?;
                let nodes = ask_all(&connection, &info("memory"), self.patience).await?;
                for text in &nodes {
                    self.report.look(&Info::read([text]));
                }
                let known = Instant::now();
                let epoch = epoch(&connection, self.patience).await?;
                let age = Mutex::new((epoch, known));
                Ok(Link::Cluster(Arc::new((connection, age))))
            }
        }
    }
}

/// A connection that many use at the same time.
#[derive(Clone)]
pub(super) enum Link {
    /// With the epoch of the server.
    Server(Arc<(MultiplexedConnection, u64)>),
    /// With the epoch of the cluster, and since when it is known.
    Cluster(Arc<(ClusterConnection, Mutex<(u64, Instant)>)>),
}

impl Link {
    /// Whether both are the same connection.
    pub(super) fn is(&self, other: &Link) -> bool {
        match (self, other) {
            (Link::Server(a), Link::Server(b)) => Arc::ptr_eq(a, b),
            (Link::Cluster(a), Link::Cluster(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    pub(super) async fn exchange(
        &self,
        plan: &Plan,
        deadline: Duration,
    ) -> Result<(Vec<Value>, u64), Failure> {
        match self {
            Link::Server(link) => {
                let mut all = Pipeline::with_capacity(plan.len());
                for command in plan.commands() {
                    all.add_command(command.clone());
                }
                let answers = all.query_async(&mut link.0.clone()).await;
                let values = answers.map_err(|error| failures::by_client(&error, deadline))?;
                Ok((values, link.1))
            }
            Link::Cluster(link) => {
                let (connection, known) = &**link;
                let before = *known.lock();
                let mut current = before.0;
                if before.1.elapsed() > EPOCH_AGE {
                    let now = Instant::now();
                    current = epoch(connection, deadline).await?;
                    *known.lock() = (current, now);
                }
                let values = if plan.is_ordered {
                    let mut values = Vec::with_capacity(plan.groups.len());
                    for group in &plan.groups {
                        values.push(send(connection, group, deadline).await?);
                    }
                    values
                } else {
                    let groups = plan.groups.iter();
                    try_join_all(groups.map(|group| send(connection, group, deadline))).await?
                };
                Ok((values.into_iter().flatten().collect(), current))
            }
        }
    }

    /// What each master answers to a command without a key.
    pub(super) async fn ask_all(
        &self,
        command: &Cmd,
        deadline: Duration,
    ) -> Result<Vec<Value>, Failure> {
        match self {
            Link::Server(link) => {
                let answer = command.query_async(&mut link.0.clone()).await;
                Ok(vec![
                    answer.map_err(|error| failures::by_client(&error, deadline))?,
                ])
            }
            Link::Cluster(link) => ask_all(&link.0, command, deadline).await,
        }
    }
}

/// Commands with keys of one slot.
async fn send(
    connection: &ClusterConnection,
    group: &[Cmd],
    deadline: Duration,
) -> Result<Vec<Value>, Failure> {
    let mut all = Pipeline::with_capacity(group.len());
    for command in group {
        all.add_command(command.clone());
    }
    let answers = all.query_async(&mut connection.clone()).await;
    answers.map_err(|error| failures::by_client(&error, deadline))
}

async fn ask_all(
    connection: &ClusterConnection,
    command: &Cmd,
    deadline: Duration,
) -> Result<Vec<Value>, Failure> {
    let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
    let answers = connection.clone().route_command(command.clone(), all).await;
    let answers = answers.map_err(|error| failures::by_client(&error, deadline))?;
    Ok(match answers {
        Value::Map(nodes) => nodes.into_iter().map(|(_, answer)| answer).collect(),
        Value::Array(nodes) => nodes
            .into_iter()
            .map(|node| match node {
                Value::Array(mut pair) => pair.pop().unwrap_or(Value::Nil),
                other => other,
            })
            .collect(),
        other => vec![other],
    })
}

/// The epoch of all masters: another one when any of them is another process.
async fn epoch(connection: &ClusterConnection, deadline: Duration) -> Result<u64, Failure> {
    let nodes = ask_all(connection, &info("server"), deadline).await?;
    if nodes.is_empty() {
        return Err(Failure::broken(failures::unexpected()));
    }
    nodes.iter().try_fold(0_u64, |all, text| {
        let one = Info::read([text]).epoch().map_err(Failure::broken)?;
        Ok(all.wrapping_add(one))
    })
}
