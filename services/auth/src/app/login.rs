//! Opening a session with a password and, where the account has one, a second factor.

use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::auth::MailKind;
use serde_json::json;

use super::devices::{self, KnownDevice};
use super::password_check::{self, Outcome};
use super::second_factor::{self, Proof, Verdict};
use super::session::{self, Client, SignedIn, Tokens};
use super::trail::{Actor, Trail};
use super::{Error, account_limit};
use crate::domain::email::Email;
use crate::domain::ids::SessionId;
use crate::domain::password::Password;
use crate::startup::AppState;
use crate::store;
use crate::store::login_attempts::Counter;
use crate::store::users::UserRow;

/// What somebody presents to get in.
pub(crate) struct Login {
    pub(crate) email: Email,
    /// `None` when it is too short or too long to be anybody's.
    pub(crate) password: Option<Password>,
    pub(crate) proof: Option<Proof>,
    /// Value of the `known_device` cookie.
    pub(crate) device_cookie: Option<String>,
}

/// Opens a session. Whether an address is unknown, its password wrong, its account locked or erased cannot be told
/// from the answer, nor from the time it takes: the same statements run and one hash is computed in each case.
pub(crate) async fn login(
    state: &AppState,
    client: &Client,
    command: Login,
) -> Result<SignedIn, Error> {
    if !state.keys.is_ready() {
        return Err(Error::NoSigningKey);
    }
    let (user, device) = {
        let mut conn = state.db.get().await?;
        let user = store::users::find_by_email(&mut conn, &command.email).await?;
        let id = user.as_ref().map(UserRow::id);
        let device = devices::recognise(&mut conn, id, command.device_cookie.as_deref()).await?;
        (user, device)
    };
    let counter = match &device {
        Some(device) => {
            account_limit::count_device(state, &device.hash).await?;
            Counter::Device(device.id)
        }
        None => {
            account_limit::count(state, &command.email).await?;
            Counter::Account(account_limit::account_hash(&command.email))
        }
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
    let outcome = password_check::check(state, &counter, command.password, hash).await?;
    match (outcome, user) {
        (Outcome::Right, Some(user)) => {
            open_session(state, client, user, device, command.proof).await
        }
        (outcome, user) => Err(refuse(state, client, outcome, user.as_ref(), &counter).await?),
    }
}

/// Notes a refusal; the one that locks the account also tells its owner.
async fn refuse(
    state: &AppState,
    client: &Client,
    outcome: Outcome,
    user: Option<&UserRow>,
    counter: &Counter,
) -> Result<Error, Error> {
    let label = if outcome == Outcome::Locked {
        "locked"
    } else {
        "refused"
    };
    state.counters.logins.with_label_values(&[label]).inc();
    if outcome != Outcome::WrongAndLocked {
        return Ok(Error::Credentials);
    }
    let trail = Trail::new(Actor::Anonymous, state.clock.now());
    let (kind, key) = match counter {
        Counter::Account(hash) => ("login", hex(hash)),
        Counter::Device(id) => ("known_device", id.to_string()),
    };
    let facts = json!({ "userId": user.map(|user| user.id) });
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        trail
            .audit_of(conn, "login.locked", (kind, &key), facts.clone())
            .await?;
        if let Some(user) = user {
            let told =
                json!({ "ipAddress": client.fingerprint.ip, "deviceInfo": client.device_info });
            trail
                .mail(conn, user.id(), MailKind::AccountLocked, &told)
                .await?;
        }
        Ok::<_, Error>(())
    })
    .await?;
    tracing::warn!(
        account.known = user.is_some(),
        "password login is locked after repeated failures"
    );
    Ok(Error::Credentials)
}

/// The password was right: asks for the second factor, then opens the session.
async fn open_session(
    state: &AppState,
    client: &Client,
    checked: UserRow,
    device: Option<KnownDevice>,
    proof: Option<Proof>,
) -> Result<SignedIn, Error> {
    let now = state.clock.now();
    let trail = Trail::new(Actor::User(checked.id(), checked.role.0), now);
    let entrance = Entrance {
        state,
        client,
        trail,
        checked,
        device,
        proof,
    };
    let mut conn = state.db.get().await?;
    // A refused second factor is counted, so its transaction commits as well.
    let entered = conn
        .transaction(async |conn| entrance.enter(conn).await)
        .await?;
    drop(conn);
    let Entered {
        user,
        session,
        mfa,
        refresh,
        device_cookie,
    } = match entered {
        Ok(entered) => entered,
        Err(verdict) => {
            let label = match verdict {
                Verdict::Missing => "second_factor_missing",
                _ => "second_factor_refused",
            };
            state.counters.logins.with_label_values(&[label]).inc();
            verdict.require()?;
            return Err(Error::SecondFactor);
        }
    };
    state
        .counters
        .logins
        .with_label_values(&["succeeded"])
        .inc();
    let access = session::access_token(state, user.id(), user.role.0, session, mfa)?;
    Ok(SignedIn {
        user,
        tokens: Tokens { access, refresh },
        device_cookie,
    })
}

/// A login whose password was right.
struct Entrance<'a> {
    state: &'a AppState,
    client: &'a Client,
    trail: Trail,
    checked: UserRow,
    device: Option<KnownDevice>,
    proof: Option<Proof>,
}

/// What its transaction leaves.
struct Entered {
    user: UserRow,
    session: SessionId,
    mfa: bool,
    refresh: String,
    device_cookie: Option<String>,
}

impl Entrance<'_> {
    async fn enter(&self, conn: &mut AsyncPgConnection) -> Result<Result<Entered, Verdict>, Error> {
        let (id, now) = (self.checked.id(), self.trail.now());
        // The password may have been changed while it was being checked; then the old one opens nothing any more.
        let user = store::users::lock(conn, id).await?;
        let user = user
            .filter(|user| user.password_hash == self.checked.password_hash)
            .ok_or(Error::Credentials)?;
        let pii = &self.state.pii;
        let verdict = second_factor::check(conn, pii, &user, self.proof.as_ref(), now).await?;
        let mfa = match verdict {
            Verdict::NotNeeded => false,
            Verdict::Passed => true,
            Verdict::Missing => return Ok(Err(verdict)),
            Verdict::Refused | Verdict::Locked { .. } => {
                self.trail
                    .audit(conn, "login.second_factor_refused", id, json!({}))
                    .await?;
                return Ok(Err(verdict));
            }
        };
        let device_cookie = self.note_device(conn).await?;
        let (session, refresh) = session::open(conn, id, self.client, mfa, now).await?;
        store::users::note_login(conn, id, now).await?;
        let facts = json!({ "sessionId": session.0, "mfa": mfa });
        self.trail.audit(conn, "user.logged_in", id, facts).await?;
        Ok(Ok(Entered {
            user,
            session,
            mfa,
            refresh,
            device_cookie,
        }))
    }

    /// A browser seen before is noted; a new one is remembered, and the account's owner hears of it.
    async fn note_device(&self, conn: &mut AsyncPgConnection) -> Result<Option<String>, Error> {
        let (id, now) = (self.checked.id(), self.trail.now());
        if let Some(device) = &self.device {
            store::known_devices::touch(conn, device.id, now).await?;
            return Ok(None);
        }
        let told = json!({
            "ipAddress": self.client.fingerprint.ip,
            "deviceInfo": self.client.device_info,
            "at": now,
        });
        self.trail
            .mail(conn, id, MailKind::NewDevice, &told)
            .await?;
        devices::remember(conn, id, now).await.map(Some)
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
