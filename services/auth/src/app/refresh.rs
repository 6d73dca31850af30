//! Exchanging a refresh token for the next one.

use common::auth::Role;
use common::crypto::{Place, random_token, sha256};
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::auth::{MailKind, RevocationReason};
use serde_json::json;

use super::session::{self, Client, Tokens};
use super::trail::{Actor, Trail};
use super::{Error, revocation};
use crate::domain::ids::{SessionId, TokenId, UserId};
use crate::domain::refresh::{Token, Verdict};
use crate::startup::AppState;
use crate::store;
use crate::store::refresh_tokens::{NewToken, TokenRow};
use crate::store::sessions::{SessionRow, Which};
use crate::store::users::UserRow;

/// Where a token's successor is sealed while a second tab may still ask for it.
const SUCCESSOR: &str = "refresh_tokens.successor";

/// What an exchange ends in; each is committed.
enum Ending {
    /// The token to answer with.
    Granted(Grant),
    /// The family is revoked.
    Reused(Vec<SessionId>),
    /// Nothing is given.
    Dead,
}

/// A refresh token, and for whom to sign the access token that goes with it.
struct Grant {
    user: UserId,
    role: Role,
    session: SessionId,
    mfa: bool,
    refresh: String,
    is_repeated: bool,
}

/// Exchanges a refresh token. A token that was exchanged before revokes its whole family, unless a second tab of the
/// same browser sent it within seconds: that tab gets the token that the first one got.
pub(crate) async fn refresh(
    state: &AppState,
    client: &Client,
    presented: &str,
) -> Result<Tokens, Error> {
    if !state.keys.is_ready() {
        return Err(Error::NoSigningKey);
    }
    let hash = sha256(presented.as_bytes());
    let trail = Trail::new(Actor::Anonymous, state.clock.now());
    let mut conn = state.db.get().await?;
    let ending = conn
        .transaction(async |conn| exchange(conn, state, client, &hash, &trail).await)
        .await?;
    drop(conn);
    let count = |label| state.counters.refreshes.with_label_values(&[label]).inc();
    match ending {
        Ending::Granted(grant) => {
            count(if grant.is_repeated {
                "repeated"
            } else {
                "rotated"
            });
            let Grant {
                user,
                role,
                session,
                mfa,
                refresh,
                ..
            } = grant;
            let access = session::access_token(state, user, role, session, mfa)?;
            Ok(Tokens { access, refresh })
        }
        Ending::Reused(sessions) => {
            count("reused");
            revocation::forget_now(state, &sessions);
            tracing::warn!("a refresh token came a second time; its session is revoked");
            Err(Error::RefreshToken)
        }
        Ending::Dead => {
            count("refused");
            Err(Error::RefreshToken)
        }
    }
}

async fn exchange(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    client: &Client,
    hash: &[u8],
    trail: &Trail,
) -> Result<Ending, Error> {
    let Some(session) = store::refresh_tokens::find_session(conn, hash).await? else {
        return Ok(Ending::Dead);
    };
    // Whatever happens to a family happens under its session's row lock: rotation, replay, revocation, one by one.
    let Some(session) = store::sessions::lock(conn, session).await? else {
        return Ok(Ending::Dead);
    };
    let row = store::refresh_tokens::get(conn, hash).await?;
    let Some(user) = store::users::find(conn, UserId(session.user_id)).await? else {
        return Ok(Ending::Dead);
    };
    let token = Token {
        is_revoked: session.revoked_at.is_some(),
        expires_at: row.expires_at.min(session.expires_at),
        first_use: row.first_use(),
        is_successor_used: store::refresh_tokens::is_successor_used(conn, TokenId(row.id)).await?,
    };
    match token.judge(&client.fingerprint, trail.now()) {
        Verdict::Dead => Ok(Ending::Dead),
        Verdict::Rotate => {
            let refresh = rotate(conn, state, client, &row, trail).await?;
            Ok(Ending::Granted(grant(&user, &session, refresh, false)))
        }
        Verdict::Repeat => {
            let sealed = row.successor_ct.as_deref().unwrap_or_default();
            let place = Place {
                column: SUCCESSOR,
                row: row.id,
            };
            let refresh = state.file_sealer.open_text(place, sealed)?;
            Ok(Ending::Granted(grant(&user, &session, refresh, true)))
        }
        Verdict::Reuse => {
            let trail = trail.clone().by(Actor::System);
            let which = Which::Only(session.id());
            let reason = RevocationReason::ReuseDetected;
            let sessions = revocation::revoke(conn, &trail, user.id(), which, reason).await?;
            let told =
                json!({ "ipAddress": client.fingerprint.ip, "deviceInfo": session.device_info });
            trail
                .mail(conn, user.id(), MailKind::SessionReuse, &told)
                .await?;
            Ok(Ending::Reused(sessions))
        }
    }
}

fn grant(user: &UserRow, session: &SessionRow, refresh: String, is_repeated: bool) -> Grant {
    Grant {
        user: user.id(),
        role: user.role.0,
        session: session.id(),
        mfa: session.mfa,
        refresh,
        is_repeated,
    }
}

/// Marks the token as used and stores its successor, which ends when its parent would have.
async fn rotate(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    client: &Client,
    row: &TokenRow,
    trail: &Trail,
) -> Result<String, Error> {
    let (id, session, now) = (TokenId(row.id), SessionId(row.session_id), trail.now());
    let refresh = random_token()?;
    let place = Place {
        column: SUCCESSOR,
        row: row.id,
    };
    let sealed = state.file_sealer.seal(place, refresh.as_bytes())?;
    // Older tokens of the family have had their grace: their successor is now in use.
    store::refresh_tokens::forget_successors(conn, session).await?;
    store::refresh_tokens::mark_used(conn, id, &client.fingerprint, &sealed, now).await?;
    let successor = NewToken {
        id: ids::new_id(),
        session_id: row.session_id,
        parent_id: Some(row.id),
        token_hash: sha256(refresh.as_bytes()).to_vec(),
        issued_at: now,
        expires_at: row.expires_at,
    };
    store::refresh_tokens::insert(conn, &successor).await?;
    store::sessions::touch(conn, session, &client.fingerprint.ip, now).await?;
    Ok(refresh)
}
