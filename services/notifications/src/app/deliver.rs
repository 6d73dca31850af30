//! One mail that this process has in hand, from its claim to whatever becomes of it.
//!
//! `pending` → ask what it says, write it, keep the exact request (`sending`) → ask the provider → `sent`. A process
//! that dies anywhere leaves a row that the next one takes over: with the same bytes under the same key, by which the
//! provider recognises a mail that it already has.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::context::{Context, TraceParent};
use common::{failpoint, spans};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::notifications::NotificationFailed;
use tracing::Instrument as _;

use super::Error;
use super::prepare::{prepare, reopen};
use super::trail::Trail;
use crate::clients::provider::Said;
use crate::domain::attempt::{Answer, Failure, Hold, Next, Standing};
use crate::domain::status::Status;
use crate::domain::template::Template;
use crate::startup::AppState;
use crate::store;
use crate::store::claims::ClaimedRow;

/// How long a mail in hand waits for its turn; a longer silence is waited for in the table.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a mail ends that has not left.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Given up.
    Failed(Failure),
    /// No longer due, for this reason.
    Cancelled(String),
    /// No longer due, as its recipient gets no mail; the recipient is noted.
    Suppressed {
        why: String,
        recipient_ct: Vec<u8>,
        recipient_bidx: Vec<u8>,
        key_id: String,
    },
}

/// Takes a claimed mail as far as it goes now, within the trace of whatever asked for it.
pub(crate) async fn deliver(state: &AppState, row: ClaimedRow) {
    let asked_by = row.traceparent.as_deref().and_then(TraceParent::parse);
    let mut trace = asked_by.unwrap_or_else(|| TraceParent::random(false));
    let span = if spans::are_recorded() {
        let span = tracing::info_span!(
            "notifications.send",
            otel.kind = "client",
            message.id = %row.id,
            message.template = row.template,
        );
        spans::continue_from(&span, trace);
        trace = spans::place_of(&span).unwrap_or(trace);
        span
    } else {
        tracing::Span::none()
    };
    let context = Context::new(&row.id.to_string(), trace);
    let work = async {
        if let Err(error) = attempt(state, &row).await {
            // The lease runs out, and somebody tries again.
            tracing::warn!(message.id = %row.id, cause = %error, "a mail could not be brought forward");
        }
    };
    context.scope(work.instrument(span)).await;
}

async fn attempt(state: &AppState, row: &ClaimedRow) -> Result<(), Error> {
    let mut standing = Standing {
        attempts: row.attempts.unsigned_abs(),
        perhaps_since: row.perhaps_since,
        good_until: row.good_until,
    };
    let request = if row.status == Status::Sending.name() {
        if let Err(failure) = standing.may_try(state.clock.now()) {
            return end(state, row, Ended::Failed(failure)).await;
        }
        reopen(state, row)?
    } else {
        match prepare(state, row).await? {
            Some(request) => request,
            None => return Ok(()),
        }
    };
    if let Err(wait) = state.pace.take_turn(PATIENCE).await {
        return give_back(state, row, wait).await;
    }
    let began = state.clock.now();
    failpoint::reach("notifications.sending");
    let Said { answer, quiet_for } = state.provider.send(&request).await;
    failpoint::reach("notifications.sent");
    if let Some(quiet) = quiet_for {
        state.pace.be_silent(quiet);
    }
    tell(state, row, &answer);
    match standing.after(answer, rand::random()) {
        Next::Sent { provider_id } => end_sent(state, row, &provider_id).await,
        Next::Failed(failure) => end(state, row, Ended::Failed(failure)).await,
        Next::Again {
            after,
            perhaps_taken,
            pause_all,
            cause,
        } => {
            if let Some(pause) = pause_all {
                state.pace.be_silent(pause);
            }
            if perhaps_taken {
                standing.perhaps_since = standing.perhaps_since.or(Some(began));
            }
            put_off(state, row, after, standing.perhaps_since, &cause).await
        }
    }
}

/// Says once, where it is known, what did not go well.
fn tell(state: &AppState, row: &ClaimedRow, answer: &Answer) {
    match answer {
        Answer::Taken { .. } | Answer::Refused(_) => {}
        Answer::Unknown(trouble) => {
            state.counters.put_off("unknown");
            tracing::warn!(message.id = %row.id, cause = trouble.cause, "the provider did not say whether it has a mail");
        }
        Answer::Held(hold, trouble) => {
            state.counters.put_off(hold.name());
            let (id, cause) = (row.id, trouble.cause.as_str());
            match hold {
                Hold::Rate => {
                    tracing::info!(message.id = %id, cause, "the provider wants fewer requests");
                }
                Hold::Quota => {
                    tracing::error!(message.id = %id, cause, "the provider's quota is used up: no mail leaves");
                }
                Hold::Operator => tracing::error!(
                    message.id = %id,
                    cause,
                    "the provider refuses every mail: check its key, the sender's domain and its URL"
                ),
            }
        }
    }
}

/// Lets a mail wait.
pub(crate) async fn put_off(
    state: &AppState,
    row: &ClaimedRow,
    after: Duration,
    perhaps_since: Option<DateTime<Utc>>,
    cause: &str,
) -> Result<(), Error> {
    let until = later(state.clock.now(), after);
    let mut conn = state.work_db.get().await?;
    let is_ours =
        store::claims::put_off(&mut conn, row.claim(), until, perhaps_since, cause).await?;
    warn_unless(is_ours, row);
    Ok(())
}

async fn give_back(state: &AppState, row: &ClaimedRow, wait: Duration) -> Result<(), Error> {
    let until = later(state.clock.now(), wait);
    let mut conn = state.work_db.get().await?;
    let is_ours =
        store::claims::give_back(&mut conn, row.claim(), until, row.perhaps_since).await?;
    warn_unless(is_ours, row);
    Ok(())
}

/// Notes that a mail has left, and promises to tell so.
async fn end_sent(state: &AppState, row: &ClaimedRow, provider_id: &str) -> Result<(), Error> {
    let trail = Trail::new(state.clock.now());
    let is_ours = state.ends.sent(row, provider_id, &trail).await?;
    warn_unless(is_ours, row);
    if is_ours {
        let (id, template) = (row.id, row.template.as_str());
        tracing::info!(message.id = %id, template, provider_id, "mail {id} is sent");
        state.counters.ended(template, Status::Sent);
    }
    Ok(())
}

/// Ends a mail that has not left, and promises to tell so, in one transaction.
pub(crate) async fn end(state: &AppState, row: &ClaimedRow, ended: Ended) -> Result<(), Error> {
    let trail = Trail::new(state.clock.now());
    let mut conn = state.work_db.get().await?;
    let is_ours = conn
        .transaction(async |conn| write_end(conn, row, &ended, &trail).await)
        .await?;
    warn_unless(is_ours, row);
    if is_ours {
        report(state, row, &ended);
    }
    Ok(())
}

async fn write_end(
    conn: &mut AsyncPgConnection,
    row: &ClaimedRow,
    ended: &Ended,
    trail: &Trail,
) -> Result<bool, Error> {
    let (claim, now) = (row.claim(), trail.now());
    let is_goodbye = row.template.parse().is_ok_and(Template::is_goodbye);
    let is_ours = match ended {
        Ended::Failed(failure) => {
            let why = failure.text();
            store::claims::end_unsent(conn, claim, Status::Failed, &why, now).await?
        }
        Ended::Cancelled(why) | Ended::Suppressed { why, .. } => {
            store::claims::end_unsent(conn, claim, Status::Cancelled, why, now).await?
        }
    };
    if !is_ours {
        return Ok(false);
    }
    match ended {
        Ended::Failed(failure) => {
            trail.event(conn, &failed(row, failure, now)).await?;
            if is_goodbye {
                store::claims::drop_recipient(conn, claim.id).await?;
            }
        }
        Ended::Suppressed {
            recipient_ct,
            recipient_bidx,
            key_id,
            ..
        } if !is_goodbye => {
            store::claims::note_recipient(conn, claim.id, recipient_ct, recipient_bidx, key_id)
                .await?;
        }
        Ended::Cancelled(_) | Ended::Suppressed { .. } => {}
    }
    Ok(true)
}

fn failed(row: &ClaimedRow, failure: &Failure, now: DateTime<Utc>) -> NotificationFailed {
    NotificationFailed {
        notification_id: row.id,
        template: row.template.clone(),
        user_id: row.user_id,
        reason: failure.reason().to_owned(),
        failed_at: now,
    }
}

fn report(state: &AppState, row: &ClaimedRow, ended: &Ended) {
    let (id, template) = (row.id, row.template.as_str());
    let status = match ended {
        Ended::Failed(failure) => {
            tracing::error!(message.id = %id, template, cause = failure.text(), "mail {id} is given up");
            Status::Failed
        }
        Ended::Cancelled(why) | Ended::Suppressed { why, .. } => {
            tracing::info!(message.id = %id, template, why, "mail {id} is not sent");
            Status::Cancelled
        }
    };
    state.counters.ended(template, status);
}

fn warn_unless(is_ours: bool, row: &ClaimedRow) {
    if !is_ours {
        tracing::warn!(message.id = %row.id, "a mail was taken over, or ended, while it was in hand");
    }
}

fn later(now: DateTime<Utc>, after: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(after).unwrap_or(TimeDelta::hours(1))
}
