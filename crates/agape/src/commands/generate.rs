//! `agape generate`: writes every file that is derived from something else in the tree.
//!
//! | written | from |
//! |---|---|
//! | `services/<name>/src/store/schema.rs` | a database freshly migrated |
//! | `proto-docs/openapi/*.json` | the handlers' descriptions |
//! | `proto-docs/events/*.json` | the event types and who hears them |

mod schema;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use local_stack::{Postgres, PostgresOptions, Scratch};

use crate::commands::{migrate, openapi};
use crate::environment::Environment;
use crate::infrastructure::Urls;
use crate::keys::Keys;
use crate::output::say;
use crate::tree::Tree;
use crate::{bootstrap, services};

/// Writes all generated files; running it twice changes nothing.
///
/// # Errors
/// PostgreSQL cannot be started, a migration fails, or a file cannot be written.
pub async fn run(tree: &Tree) -> Result<()> {
    openapi::run(tree)?;
    event_schemas(tree)?;
    database_schemas(tree).await
}

fn event_schemas(tree: &Tree) -> Result<()> {
    let folder = tree.root().join("proto-docs").join("events");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut current = BTreeSet::new();
    let overview = (events::ASYNCAPI_FILE.to_owned(), events::asyncapi());
    for (name, schema) in events::schemas().into_iter().chain([overview]) {
        let mut text = serde_json::to_string_pretty(&schema)?;
        text.push('\n');
        write(&folder.join(&name), &text)?;
        current.insert(name);
    }
    remove_others(&folder, &current)
}

/// An event type that was removed from the code must not stay behind as a document.
fn remove_others(folder: &Path, current: &BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") && !current.contains(&name) {
            fs::remove_file(entry.path())?;
            say(format_args!("removed {}", entry.path().display()));
        }
    }
    Ok(())
}

async fn database_schemas(tree: &Tree) -> Result<()> {
    tree.prepare()?;
    let scratch = Scratch::new()?;
    let options = PostgresOptions {
        dir: scratch.path().join("postgres"),
        port: None,
        durable: false,
    };
    let server = Postgres::start(options)?;
    let names: Vec<&str> = services::with_database()
        .map(|one| one.service.name)
        .collect();
    // Throw-away passwords for a throw-away server; the tree's own are not touched.
    let keys = Keys::new(scratch.path().join("keys"));
    bootstrap::run(&server.url(), &keys.role_passwords(&names)?).await?;
    let urls = Urls {
        postgres: server.url(),
        redis: String::new(),
        amqp: String::new(),
    };
    migrate::all(tree, &Environment::with_keys(keys, &urls)?).await?;
    let shared = schema::tables_of_messaging(tree)?;
    let reader = schema::Reader::connect(&server.url()).await?;
    for name in names {
        let text = reader.describe(name, &shared).await?;
        let path = tree
            .root()
            .join("services")
            .join(name)
            .join("src/store/schema.rs");
        write(&path, &text)?;
    }
    server.stop();
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    say(format_args!("wrote {}", path.display()));
    Ok(())
}
