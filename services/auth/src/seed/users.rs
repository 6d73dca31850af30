//! Many customers with access tokens, for measuring.

use std::fmt::Write as _;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use common::Clock as _;
use common::auth::{AccessClaims, Role};
use common::clock::SystemClock;
use common::crypto::{Sealer, random_token};
use common::database::Database;
use common::{ids, postgres};
use futures_util::SinkExt as _;
use secrecy::ExposeSecret as _;
use tokio_postgres::Client;
use uuid::Uuid;

use super::write_private;
use crate::config::Settings;
use crate::domain::password::Password;
use crate::domain::refresh::SESSION_LIFETIME;
use crate::hashing::Hasher;
use crate::keys::SigningKeys;

/// A measurement may take longer than a person's access token lives.
const TOKEN_LIFETIME_SECS: i64 = 8 * 60 * 60;
/// Rows sent to the server at a time.
const ROWS_PER_CHUNK: usize = 1_000;

/// Adds `count` verified customers who share one password that nobody knows, each with an open session; writes their
/// access tokens as a JSON array of strings. Repeating it adds as many again.
pub(super) async fn seed(settings: &Settings, count: u32, tokens: &Path) -> anyhow::Result<String> {
    let users: Vec<(Uuid, Uuid)> = (0..count).map(|_| (ids::new_id(), ids::new_id())).collect();
    let hasher = Hasher::start(settings.hashing.clone())?;
    let nobodys = Password::offered(&random_token()?).context("a token makes a password")?;
    let hash = hasher.hash(nobodys).await?;
    let signed = sign(settings, &users).await?;

    let url = settings.service.database.url.expose_secret();
    let (client, connection) = postgres::connect(url).await?;
    let connection = tokio::spawn(connection);
    client.batch_execute("BEGIN").await?;
    copy_users(&client, &users, &hash).await?;
    copy_sessions(&client, &users).await?;
    client.batch_execute("COMMIT").await?;
    drop(client);
    connection.await??;

    write_private(tokens, &signed)?;
    Ok(format!(
        "{count} users made; their access tokens are in {}",
        tokens.display()
    ))
}

async fn sign(settings: &Settings, users: &[(Uuid, Uuid)]) -> anyhow::Result<Vec<String>> {
    let sealer = Arc::new(Sealer::with_key("file", &settings.file_key)?);
    let db = Database::connect_patiently(&settings.service.database);
    let keys = SigningKeys::new(db, sealer, Arc::new(SystemClock));
    keys.reload().await?;
    let iat = SystemClock.now().timestamp();
    users
        .iter()
        .map(|&(user, session)| {
            keys.sign(&AccessClaims {
                sub: user,
                sid: session,
                role: Role::Customer,
                mfa: false,
                iss: settings.service.tokens.issuer.clone(),
                aud: settings.service.tokens.audience.clone(),
                iat,
                nbf: iat,
                exp: iat + TOKEN_LIFETIME_SECS,
                jti: ids::new_id(),
            })
        })
        .collect()
}

async fn copy_users(client: &Client, users: &[(Uuid, Uuid)], hash: &str) -> anyhow::Result<()> {
    let now = SystemClock.now().to_rfc3339();
    let sql = "COPY auth.users (id, email, name, password_hash, password_changed_at, role, \
               verified_at, created_at, updated_at) FROM STDIN";
    copy(client, sql, users, |out, (user, _)| {
        writeln!(
            out,
            "{user}\tuser-{user}@agape.example\tA User\t{hash}\t{now}\tcustomer\t{now}\t{now}\t{now}"
        )
    })
    .await
}

async fn copy_sessions(client: &Client, users: &[(Uuid, Uuid)]) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let (ends, now) = ((now + SESSION_LIFETIME).to_rfc3339(), now.to_rfc3339());
    let sql = "COPY auth.sessions (id, user_id, device_info, ip_address, user_agent, mfa, \
               created_at, last_used_at, expires_at) FROM STDIN";
    copy(client, sql, users, |out, (user, session)| {
        writeln!(
            out,
            "{session}\t{user}\tSeeded\t127.0.0.1\tseed\tf\t{now}\t{now}\t{ends}"
        )
    })
    .await
}

/// Sends rows in COPY's text format. Nothing in them needs escaping: ids, times, a hash, words of ours.
async fn copy(
    client: &Client,
    sql: &str,
    users: &[(Uuid, Uuid)],
    write_row: impl Fn(&mut String, &(Uuid, Uuid)) -> std::fmt::Result,
) -> anyhow::Result<()> {
    let mut sink = pin!(client.copy_in::<_, Bytes>(sql).await?);
    for chunk in users.chunks(ROWS_PER_CHUNK) {
        let mut text = String::new();
        for row in chunk {
            write_row(&mut text, row)?;
        }
        sink.send(Bytes::from(text)).await?;
    }
    sink.finish().await?;
    Ok(())
}
