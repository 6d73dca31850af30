//! What a running server is asked for the sake of its backups.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use tokio_postgres::Client;

use crate::bootstrap;

/// A server that is backed up.
#[derive(Debug)]
pub struct RunningServer {
    admin: Client,
}

impl RunningServer {
    /// The server at an administrator's URL.
    ///
    /// # Errors
    /// It cannot be reached, or was started by a version of this program that knew no backups.
    pub async fn at(admin_url: &str) -> Result<Self> {
        let admin = bootstrap::inside(admin_url).await?;
        let mode: String = admin
            .query_one("SHOW archive_mode", &[])
            .await?
            .try_get(0)?;
        ensure!(
            mode == "on",
            "the running server keeps no log for backups; stop the tree and start it again"
        );
        Ok(Self { admin })
    }

    /// Has a segment of the log closed each minute, however little is in it: that much is lost at worst. Set in the server's own
    /// files, as nobody who takes no backups should have it.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn archive_each_minute(&self) -> Result<()> {
        self.admin
            .batch_execute("ALTER SYSTEM SET archive_timeout = '60s'")
            .await?;
        self.admin.query_one("SELECT pg_reload_conf()", &[]).await?;
        Ok(())
    }

    /// The server's time, which transactions are dated by.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn now(&self) -> Result<DateTime<Utc>> {
        let now = time(&self.admin, "clock_timestamp()").await?;
        now.context("the server has no time")
    }

    /// Closes the segment that holds everything up to now; answers its name, for waiting until it is in the archive.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn close_segment(&self) -> Result<String> {
        // A transaction of its own, so that the log reaches beyond this moment also if nothing else happens.
        self.admin
            .query_one("SELECT pg_current_xact_id()", &[])
            .await?;
        let closed = "SELECT pg_walfile_name(pg_switch_wal())";
        Ok(self.admin.query_one(closed, &[]).await?.try_get(0)?)
    }
}

/// When the last transaction was committed that a copy has got from the log.
///
/// # Errors
/// Those of the server.
pub async fn last_transaction(copy: &Client) -> Result<Option<DateTime<Utc>>> {
    time(copy, "pg_last_xact_replay_timestamp()").await
}

/// A time that an expression of SQL has.
async fn time(client: &Client, expression: &str) -> Result<Option<DateTime<Utc>>> {
    let sql = format!(
        "SELECT to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    );
    let time: Option<String> = client.query_one(&sql, &[]).await?.try_get(0)?;
    Ok(time.map(|time| time.parse()).transpose()?)
}
