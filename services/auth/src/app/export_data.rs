//! A copy of everything the shop knows about a person.
//!
//! Asking for it only notes the wish. A timer gathers the parts, this service's own and those of the services that the
//! settings name, seals the file and asks for a mail; the file can be fetched for a day. A service that does not answer
//! holds the file up rather than being left out in silence; after a while the export is given up, and its owner sees
//! that it failed.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use common::auth::CurrentUser;
use common::crypto::Place;
use common::{context, ids};
use diesel_async::AsyncConnection as _;
use events::auth::MailKind;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::trail::{Actor, Trail};
use super::{Error, personal_data};
use crate::domain::ids::{PrivacyRequestId, UserId};
use crate::startup::AppState;
use crate::store;
use crate::store::privacy_requests::{ExportRow, FILE_COLUMN};

/// How often exports that wait are looked for.
const EVERY: Duration = Duration::from_secs(2);

/// Exports made in one go.
const AT_ONCE: i64 = 10;

/// How long a file can be fetched.
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// How long the parts are asked for before an export is given up.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::hours(24);

/// Where an export stands.
pub(crate) enum Export {
    /// It is being made.
    Pending,
    /// The file, as JSON.
    File(Vec<u8>),
}

/// Notes that the caller wants their data. While an export is being made, asking again answers that one.
pub(crate) async fn request_export(
    state: &AppState,
    caller: &CurrentUser,
) -> Result<PrivacyRequestId, Error> {
    let user = UserId(caller.id);
    let trail = Trail::new(Actor::User(user, caller.role), state.clock.now());
    let fresh = PrivacyRequestId(ids::new_id());
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        store::users::lock(conn, user)
            .await?
            .ok_or(Error::NotFound("account"))?;
        let id = store::privacy_requests::request_export(conn, fresh, user, trail.now()).await?;
        if id == fresh {
            let facts = json!({ "exportId": id.0 });
            trail
                .audit(conn, "privacy.export_requested", user, facts)
                .await?;
        }
        Ok(id)
    })
    .await
}

/// Looks at one of the caller's exports.
pub(crate) async fn get_export(
    state: &AppState,
    caller: &CurrentUser,
    id: PrivacyRequestId,
) -> Result<Export, Error> {
    let mut conn = state.db.get().await?;
    let row = store::privacy_requests::find_export(&mut conn, UserId(caller.id), id).await?;
    let row = row.ok_or(NOT_FOUND)?;
    if row.has_failed() {
        return Err(Error::InvalidState(
            "the export could not be made; please ask for a new one",
        ));
    }
    let Some(expires_at) = row.expires_at else {
        return Ok(Export::Pending);
    };
    let sealed = row
        .file_ct
        .filter(|_| state.clock.now() < expires_at)
        .ok_or(NOT_FOUND)?;
    Ok(Export::File(state.file_sealer.open(place(id), &sealed)?))
}

const NOT_FOUND: Error = Error::NotFound("export");

/// Makes exports, and throws away what is over, until the process stops.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    loop {
        let round = context::Context::background().scope(make_pending(&state));
        if let Err(error) = round.await {
            tracing::warn!(cause = %error, "exports could not be made; trying again shortly");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn make_pending(state: &AppState) -> Result<(), Error> {
    let now = state.clock.now();
    let pending = {
        let mut conn = state.db.get().await?;
        store::privacy_requests::drop_expired_files(&mut conn, now).await?;
        store::privacy_requests::pending_exports(&mut conn, AT_ONCE).await?
    };
    for export in pending {
        let id = PrivacyRequestId(export.id);
        if let Err(error) = make(state, &export).await {
            tracing::warn!(cause = %error, exportId = %id, "export {id} could not be made yet");
            if state.clock.now() - export.requested_at > GIVEN_UP_AFTER {
                let mut conn = state.db.get().await?;
                store::privacy_requests::fail_export(&mut conn, id, state.clock.now()).await?;
            }
        }
    }
    Ok(())
}

/// Makes one export. Two processes may gather the same one; only one of them stores it and asks for the mail.
async fn make(state: &AppState, export: &ExportRow) -> Result<(), Error> {
    let (id, user) = (PrivacyRequestId(export.id), UserId(export.user_id));
    let trail = Trail::new(Actor::System, state.clock.now());
    let expires_at = trail.now() + KEPT_FOR;
    let document = document(state, export, trail.now(), expires_at).await?;
    let sealed = state.file_sealer.seal(place(id), &document)?;
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let is_ours =
            store::privacy_requests::finish_export(conn, id, &sealed, trail.now(), expires_at)
                .await?;
        if is_ours {
            let facts = json!({ "exportId": id.0 });
            trail.audit(conn, "privacy.exported", user, facts).await?;
            let told = json!({ "expiresAt": text_of(expires_at) });
            trail.mail(conn, user, MailKind::ExportReady, &told).await?;
        }
        Ok(())
    })
    .await
}

async fn document(
    state: &AppState,
    export: &ExportRow,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<Vec<u8>, Error> {
    let bug = |error: serde_json::Error| Error::Bug(error.to_string());
    let user = UserId(export.user_id);
    let own = personal_data::gather(state, user).await?;
    let mut services = Map::new();
    services.insert(
        crate::SERVICE.name.to_owned(),
        serde_json::to_value(own).map_err(bug)?,
    );
    for (service, part) in state.holders.gather(user).await? {
        services.insert(service.to_owned(), part);
    }
    let document = json!({
        "exportId": export.id,
        "status": "done",
        "requestedAt": text_of(export.requested_at),
        "generatedAt": text_of(now),
        "expiresAt": text_of(expires_at),
        "services": Value::Object(services),
    });
    serde_json::to_vec(&document).map_err(bug)
}

fn text_of(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn place(id: PrivacyRequestId) -> Place<'static> {
    Place {
        column: FILE_COLUMN,
        row: id.0,
    }
}
