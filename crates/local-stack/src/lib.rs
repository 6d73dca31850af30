//! Private PostgreSQL, Redis and RabbitMQ, run as child processes of the caller.
//!
//! `agape up` keeps them under the work tree's `.agape/`; the tests start throw-away ones in a
//! temporary directory. Nothing of the machine is touched: every server has its own directory,
//! its own ports on 127.0.0.1 and, for RabbitMQ, its own Erlang port mapper.
//!
//! Three promises, in the order in which they are worth reading:
//! - [`keeper`]: a server dies with the process that started it, also when that one is killed;
//! - [`leftover`]: what an earlier run left behind in a directory is ended before a new start;
//! - [`Postgres`], [`Redis`], [`RabbitMq`]: `start` returns when the server answers.
//!
//! [`Backups`] copies a running PostgreSQL, and makes a second one of it as it was at a moment.
//!
//! This crate makes no queues or keys, of roles and schemas only the SQL text ([`roles`]), and it never installs anything: a missing
//! program is an error that names the Debian package.

mod archive;
mod backups;
mod error;
pub mod keeper;
pub mod leftover;
mod place;
pub mod ports;
mod postgres;
mod probe;
mod process;
pub mod programs;
mod rabbitmq;
mod redis;
pub mod roles;
mod scratch;

pub use backups::{Backup, Backups, Restored};
pub use error::StackError;
pub use postgres::{Postgres, PostgresOptions};
pub use rabbitmq::{RabbitMq, RabbitOptions};
pub use redis::{Redis, RedisOptions};
pub use scratch::Scratch;
