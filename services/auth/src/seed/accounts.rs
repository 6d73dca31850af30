//! One account per role, with random passwords in a file.

use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use common::Clock as _;
use common::auth::Role;
use common::clock::SystemClock;
use common::crypto::random_token;
use common::database::Database;
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::write_private;
use crate::app::trail::{Actor, Trail};
use crate::config::Settings;
use crate::domain::email::Email;
use crate::domain::ids::UserId;
use crate::domain::password::Password;
use crate::hashing::Hasher;
use crate::store;
use crate::store::users::NewUser;

/// One line of the file.
#[derive(Clone, Serialize, Deserialize)]
struct Account {
    role: Role,
    email: String,
    password: String,
}

/// Makes what is missing: an account that exists keeps its password if the file still knows it, and gets a new one if
/// not. Repeating it changes nothing.
pub(super) async fn seed(settings: &Settings, file: &Path) -> anyhow::Result<String> {
    let db = Database::connect_patiently(&settings.service.database);
    let hasher = Hasher::start(settings.hashing.clone())?;
    let known = read(file)?;
    let mut accounts = Vec::new();
    let mut made = 0;
    for role in Role::ALL {
        let address = format!("{role}@agape.example");
        let email = Email::parse(&address)?;
        let noted = known
            .iter()
            .find(|account| account.role == role && account.email == address);
        let mut conn = db.get().await?;
        let existing = store::users::find_by_email(&mut conn, &email)
            .await?
            .map(|user| user.id());
        if let (Some(_), Some(noted)) = (existing, noted) {
            accounts.push(noted.clone());
            continue;
        }
        let password = noted.map_or_else(random_password, |noted| Ok(noted.password.clone()))?;
        let hash = hasher.hash(Password::try_new(&password)?).await?;
        let now = SystemClock.now();
        conn.transaction(async |conn| save(conn, existing, &email, role, &hash, now).await)
            .await?;
        accounts.push(Account {
            role,
            email: address,
            password,
        });
        made += 1;
    }
    write_private(file, &accounts)?;
    Ok(format!(
        "{made} accounts made, {} kept; see {}",
        accounts.len() - made,
        file.display()
    ))
}

fn read(file: &Path) -> anyhow::Result<Vec<Account>> {
    match std::fs::read(file) {
        Ok(json) => serde_json::from_slice(&json)
            .with_context(|| format!("{} is not a list of accounts", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// 144 random bits, with a character of each required class in front.
fn random_password() -> anyhow::Result<String> {
    let random: String = random_token()?.chars().take(24).collect();
    Ok(format!("Aa1-{random}"))
}

async fn save(
    conn: &mut AsyncPgConnection,
    existing: Option<UserId>,
    email: &Email,
    role: Role,
    hash: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let trail = Trail::new(Actor::System, now);
    let id = existing.unwrap_or_else(|| UserId(ids::new_id()));
    if existing.is_some() {
        store::users::set_password(conn, id, hash, now).await?;
    } else {
        let name = format!("{} of Agape", capitalised(role.name()));
        let user = NewUser {
            id,
            email,
            name: &name,
            phone: None,
            password_hash: hash,
            role,
            verified_at: Some(now),
            now,
        };
        store::users::insert(conn, &user).await?;
    }
    trail
        .audit(conn, "user.seeded", id, json!({ "role": role.name() }))
        .await?;
    Ok(())
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
