//! PostgreSQL, Redis and RabbitMQ: those given by the environment, else private ones of the tree.

use std::time::Duration;

use anyhow::{Context, Result};
use local_stack::{Postgres, PostgresOptions, RabbitMq, RabbitOptions, Redis, RedisOptions};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};
use tokio_util::sync::CancellationToken;

use crate::given;
use crate::tree::Tree;

const WATCH_INTERVAL: Duration = Duration::from_millis(500);
const PAUSE_AFTER_FAILED_RESTART: Duration = Duration::from_secs(2);

/// The administrator's URLs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Urls {
    /// PostgreSQL, for somebody who may make roles.
    pub postgres: String,
    /// Redis.
    pub redis: String,
    /// RabbitMQ.
    pub amqp: String,
}

/// Something about a private server that the person should know.
#[derive(Debug)]
pub enum Event {
    /// RabbitMQ, which takes some seconds, answers.
    BrokerReady(Duration),
    /// A server ended without being asked to, and is started again.
    Died(&'static str),
    /// It answers again.
    Back(&'static str),
    /// It could not be started again; the next try follows.
    StillDown(&'static str, String),
}

/// The private servers of this run; those given by the environment are not ours to keep.
#[derive(Debug, Default)]
pub struct Infrastructure {
    postgres: Option<Postgres>,
    redis: Option<Redis>,
    rabbitmq: Option<RabbitMq>,
}

impl Infrastructure {
    /// Starts what the environment does not give. PostgreSQL and Redis answer on return, RabbitMQ
    /// goes on starting: nothing needs it before the services do, and they can wait for it.
    ///
    /// # Errors
    /// A server is not installed or does not come up.
    pub async fn start(tree: &Tree) -> Result<(Self, Urls)> {
        // The slowest first.
        let rabbitmq = match given::variable(given::AMQP_URL) {
            Some(_) => None,
            None => {
                let options = RabbitOptions {
                    dir: tree.rabbitmq(),
                    port: None,
                };
                Some(spawn_blocking(|| RabbitMq::spawn(options)).await??)
            }
        };
        let redis = match given::variable(given::REDIS_URL) {
            Some(_) => None,
            None => {
                let options = RedisOptions {
                    dir: tree.state().join("redis"),
                    port: None,
                };
                Some(spawn_blocking(|| Redis::start(options)))
            }
        };
        let postgres = match given::variable(given::POSTGRES_URL) {
            Some(_) => None,
            None => Some(start_postgres(tree).await?),
        };
        let redis = match redis {
            Some(starting) => Some(starting.await??),
            None => None,
        };
        let this = Self {
            postgres,
            redis,
            rabbitmq,
        };
        let urls = this.urls()?;
        Ok((this, urls))
    }

    /// Starts PostgreSQL alone, for a command that needs only the database.
    ///
    /// # Errors
    /// It is not installed or does not come up.
    pub async fn start_database(tree: &Tree) -> Result<(Self, String)> {
        if let Some(url) = given::variable(given::POSTGRES_URL) {
            return Ok((Self::default(), url));
        }
        let postgres = start_postgres(tree).await?;
        let url = postgres.url();
        Ok((
            Self {
                postgres: Some(postgres),
                ..Self::default()
            },
            url,
        ))
    }

    fn urls(&self) -> Result<Urls> {
        let of = |own: Option<String>, variable| own.map_or_else(|| given::required(variable), Ok);
        Ok(Urls {
            postgres: of(
                self.postgres.as_ref().map(Postgres::url),
                given::POSTGRES_URL,
            )?,
            redis: of(self.redis.as_ref().map(Redis::url), given::REDIS_URL)?,
            amqp: of(self.rabbitmq.as_ref().map(RabbitMq::url), given::AMQP_URL)?,
        })
    }

    /// The private servers, to be watched until the token is cancelled and then stopped.
    #[must_use]
    pub fn watch(self, stop: &CancellationToken, events: &mpsc::UnboundedSender<Event>) -> Watch {
        let mut watchers = JoinSet::new();
        let servers = [
            self.postgres.map(Server::Postgres),
            self.redis.map(Server::Redis),
            self.rabbitmq.map(Server::RabbitMq),
        ];
        for server in servers.into_iter().flatten() {
            watchers.spawn(watch(server, stop.clone(), events.clone()));
        }
        Watch { watchers }
    }

    /// Stops the private servers.
    pub async fn stop(self) {
        let servers = [
            self.postgres.map(Server::Postgres),
            self.redis.map(Server::Redis),
            self.rabbitmq.map(Server::RabbitMq),
        ];
        let mut stops = JoinSet::new();
        for server in servers.into_iter().flatten() {
            stops.spawn_blocking(move || server.stop());
        }
        while stops.join_next().await.is_some() {}
    }
}

/// Private servers being watched.
#[derive(Debug)]
pub struct Watch {
    watchers: JoinSet<()>,
}

impl Watch {
    /// Waits until the servers are stopped, after their token was cancelled.
    pub async fn stopped(mut self) {
        while self.watchers.join_next().await.is_some() {}
    }
}

enum Server {
    Postgres(Postgres),
    Redis(Redis),
    RabbitMq(RabbitMq),
}

impl Server {
    fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::Redis(_) => "Redis",
            Self::RabbitMq(_) => "RabbitMQ",
        }
    }

    fn is_running(&mut self) -> bool {
        match self {
            Self::Postgres(server) => server.is_running(),
            Self::Redis(server) => server.is_running(),
            Self::RabbitMq(server) => server.is_running(),
        }
    }

    fn restart(&mut self) -> Result<(), local_stack::StackError> {
        match self {
            Self::Postgres(server) => server.restart(),
            Self::Redis(server) => server.restart(),
            Self::RabbitMq(server) => server.restart(),
        }
    }

    fn stop(self) {
        match self {
            Self::Postgres(server) => server.stop(),
            Self::Redis(server) => server.stop(),
            Self::RabbitMq(server) => server.stop(),
        }
    }
}

async fn start_postgres(tree: &Tree) -> Result<Postgres> {
    let dir = tree.postgres();
    let options = PostgresOptions {
        dir,
        port: None,
        durable: true,
    };
    Ok(spawn_blocking(|| Postgres::start_archiving(options)).await??)
}

/// Looks after one server until told to stop it.
async fn watch(mut server: Server, stop: CancellationToken, events: mpsc::UnboundedSender<Event>) {
    // Nobody listens any more once everything is being stopped.
    let report = |event| drop(events.send(event));
    let started = std::time::Instant::now();
    let mut broker_pending = matches!(server, Server::RabbitMq(_));
    let mut pause = WATCH_INTERVAL;
    loop {
        let stopped = tokio::time::timeout(pause, stop.cancelled()).await.is_ok();
        let name = server.name();
        if stopped {
            drop(spawn_blocking(move || server.stop()).await);
            return;
        }
        pause = WATCH_INTERVAL;
        if server.is_running() {
            if broker_pending && matches!(&server, Server::RabbitMq(node) if node.is_ready()) {
                broker_pending = false;
                report(Event::BrokerReady(started.elapsed()));
            }
            continue;
        }
        report(Event::Died(name));
        let restarted = spawn_blocking(move || {
            let outcome = server.restart();
            (server, outcome)
        });
        let Ok((back, outcome)) = restarted.await else {
            return;
        };
        server = back;
        broker_pending = false;
        match outcome {
            Ok(()) => report(Event::Back(name)),
            Err(error) => {
                pause = PAUSE_AFTER_FAILED_RESTART;
                report(Event::StillDown(name, error.to_string()));
            }
        }
    }
}

/// Reads what a running `agape up` wrote.
///
/// # Errors
/// The file is not there or not readable.
pub fn of_running(tree: &Tree) -> Result<Urls> {
    #[derive(Deserialize)]
    struct File {
        infrastructure: Urls,
    }
    let text = std::fs::read_to_string(tree.urls())
        .with_context(|| format!("{} cannot be read", tree.urls().display()))?;
    Ok(serde_json::from_str::<File>(&text)?.infrastructure)
}
