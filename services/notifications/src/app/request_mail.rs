//! Somebody wants a mail sent.

use common::{failpoint, ids};
use diesel_async::AsyncConnection as _;
use events::auth::MailRequested;
use messaging::{Outcome, Received, inbox};
use serde::Serialize;
use uuid::Uuid;

use super::Error;
use super::trail::Trail;
use crate::domain::ids::{MessageId, SourceId, UserId};
use crate::domain::report::Report;
use crate::domain::template::{OrderMail, Template};
use crate::domain::told::Told;
use crate::startup::AppState;
use crate::store;
use crate::store::messages::NewMessage;

/// A mail that an event makes due.
#[derive(Debug)]
pub(crate) struct Wish {
    template: Template,
    /// The same wish is the same mail, under whatever event it is heard.
    dedupe_key: String,
    source: SourceId,
    user: UserId,
    told: Option<Facts>,
}

/// What an event tells that nobody tells again.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Facts {
    Told(Told),
    Report(Report),
}

impl Wish {
    /// A mail about an account that auth asks for.
    pub(crate) fn of_auth(wanted: &MailRequested) -> Self {
        Self {
            template: wanted.kind.into(),
            dedupe_key: format!("auth.mail_requested/{}", wanted.mail_id),
            source: SourceId(wanted.mail_id),
            user: UserId(wanted.user_id),
            told: None,
        }
    }

    /// A mail of which each order has at most one.
    pub(crate) fn once_per_order(mail: OrderMail, order: Uuid, user: Uuid) -> Self {
        let template = Template::Order(mail);
        Self {
            dedupe_key: format!("{template}/{order}"),
            template,
            source: SourceId(order),
            user: UserId(user),
            told: None,
        }
    }

    /// The same for what an order may have several of: each `part` has one mail, which tells of `told`.
    pub(crate) fn once_per_part(self, part: Uuid, told: Told) -> Self {
        Self {
            dedupe_key: format!("{}/{part}", self.template),
            told: Some(Facts::Told(told)),
            ..self
        }
    }

    /// A report to one of finance; each run of payments has one mail to each of them. It is about nobody.
    pub(crate) fn of_finance(run: Uuid, report: Report) -> Self {
        let template = Template::Reconciliation;
        Self {
            dedupe_key: format!("{template}/{run}/{}", report.receiver),
            template,
            source: SourceId(run),
            user: UserId(Uuid::nil()),
            told: Some(Facts::Report(report)),
        }
    }
}

/// Notes the mails that an event asks for, under the same rules as [`request_mails_of`].
pub(crate) async fn request_mails<E: Sync>(
    state: &AppState,
    event: &Received<E>,
    wishes: Vec<Wish>,
) -> Result<Outcome, Error> {
    let outcomes = request_mails_of(state, vec![(event, wishes)]).await?;
    let outcome = outcomes.into_iter().next();
    outcome.ok_or_else(|| Error::Bug("an event without an outcome".to_owned()))
}

/// Notes the mails that events ask for; those to a merchant whose address nobody has set are left out. Nothing is
/// asked or sent here: the senders do that, at their pace.
pub(crate) async fn request_mails_of<E: Sync>(
    state: &AppState,
    wanted: Vec<(&Received<E>, Vec<Wish>)>,
) -> Result<Vec<Outcome>, Error> {
    let now = state.clock.now();
    let has_merchant = state.settings.merchant_email.is_some();
    let mut events = Vec::with_capacity(wanted.len());
    let mut mails = Vec::with_capacity(wanted.len());
    for (event, wishes) in wanted {
        let trail = event.context.enter(|| Trail::new(now));
        events.push(event);
        mails.push(
            wishes
                .into_iter()
                .filter(|wish| has_merchant || !wish.template.is_for_merchant())
                .map(|wish| message(wish, &trail))
                .collect::<Result<Vec<_>, _>>()?,
        );
    }
    let mut conn = state.work_db.get().await?;
    let outcomes = conn
        .transaction(async |conn| {
            let fresh = inbox::record_all(conn, &events).await?;
            let due = events.iter().zip(&mails);
            let due = due.filter(|(event, _)| fresh.contains(&event.id));
            let due: Vec<NewMessage> = due.flat_map(|(_, mails)| mails).cloned().collect();
            let added = store::messages::insert(conn, &due, now).await?;
            let outcome = |(event, mails): (&&Received<E>, &Vec<NewMessage>)| {
                let is_new = mails.is_empty() || mails.iter().any(|mail| added.contains(&mail.id));
                if fresh.contains(&event.id) && is_new {
                    Outcome::Applied
                } else {
                    Outcome::Duplicate
                }
            };
            Ok::<Vec<Outcome>, Error>(events.iter().zip(&mails).map(outcome).collect())
        })
        .await?;
    failpoint::reach("notifications.mail_requested");
    if outcomes.contains(&Outcome::Applied) {
        state.wake.notify_one();
    }
    Ok(outcomes)
}

fn message(wish: Wish, trail: &Trail) -> Result<NewMessage, Error> {
    let facts = wish.told.as_ref().map(serde_json::to_value).transpose();
    Ok(NewMessage {
        id: MessageId(ids::new_id()),
        dedupe_key: wish.dedupe_key,
        template: wish.template,
        source: wish.source,
        user: wish.user,
        resend_of: None,
        traceparent: trail.traceparent(),
        facts: facts.map_err(|error| Error::Bug(error.to_string()))?,
    })
}
