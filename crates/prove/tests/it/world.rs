//! A database with the schemas of all services.

use std::fs;
use std::path::{Path, PathBuf};

use local_stack::roles::{self, ServiceRoles};
use prove::invariants::{ClientOp, Journals, Mail, Provider, Refund, Transaction};
use test_support::TestDb;
use tokio_postgres::{Client, NoTls};

/// A shop in which everything is right.
pub struct World {
    db: TestDb,
}

impl World {
    /// Every schema as its service migrates it, and `world.sql`.
    pub async fn start() -> Self {
        let db = TestDb::start("orders", |_| {});
        let admin = connect(&db.admin_url()).await;
        for service in folders(&migrations()) {
            let name = service.file_name().unwrap().to_str().unwrap();
            let roles = ServiceRoles {
                service: name,
                owner_password: None,
                password: None,
                extensions: roles::extensions_of(name),
            };
            admin
                .batch_execute(&roles.bootstrap_sql(db.name()).unwrap())
                .await
                .unwrap();
            let owner = db
                .admin_url()
                .replace("postgres://postgres@", &format!("postgres://{name}_owner@"));
            let owner = connect(&owner).await;
            for migration in folders(&service) {
                let up = fs::read_to_string(migration.join("up.sql")).unwrap();
                owner
                    .batch_execute(&up)
                    .await
                    .unwrap_or_else(|error| panic!("{migration:?}: {error:?}"));
            }
        }
        admin
            .batch_execute(include_str!("world.sql"))
            .await
            .unwrap();
        Self { db }
    }

    /// A connection of the administrator.
    pub async fn connect(&self) -> Client {
        connect(&self.db.admin_url()).await
    }
}

/// What others know of the shop.
pub fn journals() -> Journals {
    let paid = ["A", "C", "D", "F"].map(|order| (order, true));
    let transactions = paid
        .into_iter()
        .chain([("B", false)])
        .map(|(order, is_captured)| transaction(order, is_captured));
    let refunds = [("C", None), ("D", None), ("F", Some("7"))].map(|(order, dispute)| Refund {
        gateway_id: format!("refund-{order}"),
        gateway_ref: format!("AGP-{order}-1"),
        amount: 100_000,
        status: "processed".to_owned(),
        dispute: dispute.map(str::to_owned),
    });
    Journals {
        provider: Some(Provider {
            transactions: transactions.collect(),
            refunds: refunds.into(),
        }),
        mail: Some(vec![Mail {
            provider_id: "mail-A".to_owned(),
            idempotency_key: Some("order_confirmation/A".to_owned()),
        }]),
        clients: Some(vec![acknowledged(
            "key-A",
            "7fc56270-e7a7-0fa8-1a59-35b72eacbe29",
        )]),
    }
}

/// What the provider knows of an order's payment.
pub fn transaction(order: &str, is_captured: bool) -> Transaction {
    Transaction {
        gateway_ref: format!("AGP-{order}-1"),
        amount: 100_000,
        currency: "NGN".to_owned(),
        is_captured,
    }
}

/// An order that was answered with success.
pub fn acknowledged(key: &str, order: &str) -> ClientOp {
    ClientOp {
        op_id: 1,
        idem_key: key.to_owned(),
        http_status: Some(201),
        order_id: Some(order.to_owned()),
        body_sha256: Some(String::new()),
    }
}

fn migrations() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations")
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
