//! What a person allows beyond what the shop needs: asked separately, recorded with its time, never overwritten.

use chrono::{DateTime, Utc};
use common::auth::CurrentUser;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::idempotency::Making;
use serde_json::json;

use super::Error;
use super::trail::{Actor, Trail};
use crate::domain::consent::ConsentType;
use crate::domain::ids::UserId;
use crate::startup::AppState;
use crate::store;
use crate::store::consents::ConsentRow;

/// Where a person stands on one thing.
#[derive(Clone)]
pub(crate) struct Standing {
    /// On what.
    pub(crate) consent_type: ConsentType,
    /// Whether they allow it; nobody who was not asked does.
    pub(crate) is_granted: bool,
    /// When they decided; none if they never did.
    pub(crate) recorded_at: Option<DateTime<Utc>>,
}

/// Where a person stands, and how they came there.
pub(crate) struct Consents {
    /// One standing for each type.
    pub(crate) current: Vec<Standing>,
    /// Every decision, newest first.
    pub(crate) history: Vec<Standing>,
}

impl Consents {
    /// Whether the person allows something now.
    pub(crate) fn allows(&self, consent_type: ConsentType) -> bool {
        self.current
            .iter()
            .any(|standing| standing.consent_type == consent_type && standing.is_granted)
    }
}

/// Records a decision.
pub(crate) async fn record_consent(
    state: &AppState,
    caller: &CurrentUser,
    consent_type: ConsentType,
    is_granted: bool,
    making: &Making<Standing>,
) -> Result<Standing, Error> {
    let user = UserId(caller.id);
    let trail = Trail::new(Actor::User(user, caller.role), state.clock.now());
    let row = ConsentRow {
        id: making.id,
        user_id: user.0,
        consent_type: consent_type.name().to_owned(),
        is_granted,
        recorded_at: trail.now(),
    };
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        if !store::addresses::lock_book(conn, user).await? {
            return Err(Error::NotFound("account"));
        }
        store::consents::insert(conn, &row).await?;
        let facts = json!({ "consentType": row.consent_type, "granted": is_granted });
        trail.audit(conn, "consent.recorded", user, facts).await?;
        let decided = Standing {
            consent_type,
            is_granted,
            recorded_at: Some(trail.now()),
        };
        making.settle(conn, &decided).await?;
        Ok(decided)
    })
    .await
}

/// The caller's consents.
pub(crate) async fn list_consents(
    state: &AppState,
    caller: &CurrentUser,
) -> Result<Consents, Error> {
    let mut conn = state.db.get().await?;
    consents_of(&mut conn, UserId(caller.id)).await
}

/// A person's consents.
pub(crate) async fn consents_of(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> Result<Consents, Error> {
    let history = store::consents::history(conn, user).await?;
    let history = history
        .iter()
        .map(standing)
        .collect::<Result<Vec<_>, _>>()?;
    let current = ConsentType::ALL
        .into_iter()
        .map(|consent_type| {
            let newest = history
                .iter()
                .find(|standing| standing.consent_type == consent_type);
            Standing {
                consent_type,
                is_granted: newest.is_some_and(|standing| standing.is_granted),
                recorded_at: newest.and_then(|standing| standing.recorded_at),
            }
        })
        .collect();
    Ok(Consents { current, history })
}

fn standing(row: &ConsentRow) -> Result<Standing, Error> {
    let consent_type = ConsentType::parse(&row.consent_type)
        .ok_or_else(|| Error::Bug(format!("unknown consent type {}", row.consent_type)))?;
    Ok(Standing {
        consent_type,
        is_granted: row.is_granted,
        recorded_at: Some(row.recorded_at),
    })
}
