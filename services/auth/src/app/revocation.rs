//! Taking sessions away: in the database, in this process at once, and everywhere within seconds.

use common::ids;
use diesel_async::AsyncPgConnection;
use events::auth::{RevocationReason, RevocationScope, SessionRevoked};
use serde_json::json;

use super::Error;
use super::trail::Trail;
use crate::domain::ids::{SessionId, UserId};
use crate::startup::AppState;
use crate::store;
use crate::store::sessions::Which;

/// Revokes live sessions of an account in the caller's transaction, with their events and audit entries. After the
/// commit, hand the answer to [`forget_now`].
pub(crate) async fn revoke(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    user: UserId,
    which: Which,
    reason: RevocationReason,
) -> Result<Vec<SessionId>, Error> {
    let name = reason_name(reason);
    let revoked = store::sessions::revoke(conn, user, which, name, trail.now()).await?;
    if revoked.is_empty() {
        return Ok(revoked);
    }
    let listed: Vec<_> = revoked
        .iter()
        .map(|session| (ids::new_id(), *session))
        .collect();
    store::revocations::insert(conn, user, &listed, name).await?;
    for (revocation_id, session) in listed {
        let event = SessionRevoked {
            revocation_id,
            user_id: user.0,
            scope: RevocationScope::Session {
                session_id: session.0,
            },
            cutoff: trail.now(),
            reason,
        };
        trail.event(conn, &event, 1).await?;
        let facts = json!({ "userId": user.0, "reason": name });
        trail
            .audit_of(
                conn,
                "session.revoked",
                ("session", &session.to_string()),
                facts,
            )
            .await?;
    }
    Ok(revoked)
}

/// Makes this process refuse the sessions' access tokens at once; the others hear of it.
pub(crate) fn forget_now(state: &AppState, revoked: &[SessionId]) {
    for session in revoked {
        state.verifier.revoke_now(session.0);
    }
}

/// The reason as the database spells it, which is as events do.
fn reason_name(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Logout => "logout",
        RevocationReason::RevokedByUser => "revoked_by_user",
        RevocationReason::ReuseDetected => "reuse_detected",
        RevocationReason::PasswordChanged => "password_changed",
        RevocationReason::PasswordReset => "password_reset",
        RevocationReason::RoleChanged => "role_changed",
        RevocationReason::TwoFactorChanged => "two_factor_changed",
        RevocationReason::Disabled => "disabled",
        RevocationReason::Erased => "erased",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_spelt_as_in_events() {
        for reason in [
            RevocationReason::Logout,
            RevocationReason::RevokedByUser,
            RevocationReason::ReuseDetected,
            RevocationReason::PasswordChanged,
            RevocationReason::PasswordReset,
            RevocationReason::RoleChanged,
            RevocationReason::TwoFactorChanged,
            RevocationReason::Disabled,
            RevocationReason::Erased,
        ] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason_name(reason));
        }
    }
}
