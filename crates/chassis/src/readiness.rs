//! When a service can serve.

use std::sync::Arc;

use common::auth::TokenVerifier;
use common::database::Database;
use common::health::Readiness;
use diesel_migrations::EmbeddedMigrations;

use crate::migrations;

/// PostgreSQL answers, and its schema is as new as the code.
pub(crate) fn with_database(
    ready: Readiness,
    db: &Database,
    service: &'static str,
    migrations: EmbeddedMigrations,
) -> Readiness {
    let (database, schema) = (db.clone(), db.clone());
    let migrations = Arc::new(migrations);
    ready
        .check("database", move || {
            let db = database.clone();
            async move { db.ping().await.map_err(|error| error.to_string()) }
        })
        .check("migrations", move || {
            let (db, migrations) = (schema.clone(), Arc::clone(&migrations));
            async move { migrations::are_applied(&db, service, &migrations).await }
        })
}

/// Access tokens can be checked, those that were revoked included.
pub(crate) fn with_tokens(ready: Readiness, verifier: &Arc<TokenVerifier>) -> Readiness {
    let verifier = Arc::clone(verifier);
    ready.check("tokens", move || {
        let is_ready = verifier.is_ready();
        async move {
            is_ready
                .then_some(())
                .ok_or("no keys or revocations yet".to_owned())
        }
    })
}

/// The queues were declared once: a process that does nothing but work is of no use before.
pub(crate) fn with_queues(
    ready: Readiness,
    declared: impl Fn() -> bool + Send + Sync + 'static,
) -> Readiness {
    ready.check("queues", move || {
        let is_declared = declared();
        async move {
            is_declared
                .then_some(())
                .ok_or("not declared yet".to_owned())
        }
    })
}
