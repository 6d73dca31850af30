//! How fast stock is held: `cargo bench -p inventory`, with wrk installed; also part of `make bench`, which installs it.
//!
//! The yardstick is what PostgreSQL itself makes of the least that holds one unit: pgbench, updating one row (or one of a
//! thousand) with a condition, a commit for each. Both run on one private PostgreSQL that writes to disk before it answers, 64
//! at a time, in turn. Every figure is the median of its rounds; they are printed as one line of JSON.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot be made has failed, and its figures are its output"
)]

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use common::clock::SystemClock;
use common::ids;
use common::service::Only;
use common::settings::Reader;
use inventory::config::Settings;
use inventory::startup::{Application, MIGRATIONS};
use local_stack::programs;
use serde_json::{Value, json};
use test_support::service::{self, Handles, RunningService};
use test_support::stand_in::{self, StandIn};
use test_support::{PrivatePostgres, TestDb, run_migrations};
use tokio_postgres::NoTls;
use uuid::Uuid;

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(5);
const AT_A_TIME: usize = 64;
/// The variants of a spread load.
const VARIANTS: usize = 1_000;

/// Which rows are asked for.
#[derive(Clone, Copy)]
enum Load {
    /// One.
    Hot,
    /// Any.
    Spread,
}

struct Bench {
    service: RunningService,
    db: TestDb,
    variants: Vec<Uuid>,
}

fn main() {
    common::crypto::install_providers();
    let postgres = PrivatePostgres::start_durable();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = TestDb::start_on(&postgres, "inventory", |owner_url| {
            run_migrations(owner_url, MIGRATIONS);
        });
        let auth = StandIn::start(|request| {
            service::auth_answer(request)
                .unwrap_or_else(|| stand_in::Reply::error(404, "NOT_FOUND"))
        });
        let bench = Bench::new(db, &auth).await;
        println!(
            "{}",
            tokio::task::spawn_blocking(move || bench.measure())
                .await
                .unwrap()
        );
    });
}

impl Bench {
    async fn new(db: TestDb, auth: &StandIn) -> Self {
        let files = tempfile::tempdir().unwrap();
        let variables = service::variables("inventory", "orders", &files, &db, &auth.origin);
        let pairs = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let settings = Settings::read(Reader::from_pairs("inventory", pairs)).unwrap();
        let service = RunningService::start(
            move || {
                let application = Application::build(settings, Arc::new(SystemClock)).unwrap();
                let chassis = application.chassis();
                let handles = Handles {
                    address: chassis.address().unwrap(),
                    ops_address: chassis.ops_address().unwrap(),
                    shutdown: chassis.shutdown_token(),
                };
                (application, handles)
            },
            |application| async move { application.run_until_stopped(Only::All).await.unwrap() },
        )
        .await;
        let variants: Vec<Uuid> = (0..VARIANTS).map(|_| ids::new_id()).collect();
        let bench = Self {
            service,
            db,
            variants,
        };
        bench.fill().await;
        bench
    }

    async fn fill(&self) {
        let (client, connection) = tokio_postgres::connect(&self.db.admin_url(), NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        let ids = self.variants.iter().map(|id| format!("'{id}'::uuid"));
        let ids = ids.collect::<Vec<_>>().join(",");
        client
            .batch_execute(&format!(
                "INSERT INTO inventory.stock_items (variant_id, product_id, sku, on_hand, low_stock_threshold)
                 SELECT id, id, 'SKU-' || n, 1000000000, 5 FROM unnest(ARRAY[{ids}]) WITH ORDINALITY AS t (id, n);
                 CREATE TABLE public.yardstick (LIKE inventory.stock_items INCLUDING ALL) WITH (fillfactor = 70);
                 INSERT INTO public.yardstick (variant_id, product_id, sku, on_hand, low_stock_threshold)
                 SELECT lpad(n::text, 32, '0')::uuid, gen_random_uuid(), 'SKU-' || n, 1000000000, 5
                 FROM generate_series(1, {VARIANTS}) n"
            ))
            .await
            .unwrap();
        // Not in one transaction with anything.
        client
            .batch_execute("VACUUM ANALYZE public.yardstick, inventory.stock_items")
            .await
            .unwrap();
    }

    fn measure(&self) -> Value {
        let mut rounds: [Vec<f64>; 4] = Default::default();
        for _ in 0..ROUNDS {
            let figures = [
                self.pgbench(Load::Hot),
                self.reserve(Load::Hot),
                self.pgbench(Load::Spread),
                self.reserve(Load::Spread),
            ];
            for (all, figure) in rounds.iter_mut().zip(figures) {
                all.push(figure);
            }
        }
        let [pgbench_hot, hot, pgbench_spread, spread] = rounds.map(median);
        json!({
            "pgbench_hot_per_s": pgbench_hot.round(),
            "reserve_hot_per_s": hot.round(),
            "hot_ratio": ratio(hot, pgbench_hot),
            "pgbench_spread_per_s": pgbench_spread.round(),
            "reserve_spread_per_s": spread.round(),
            "spread_ratio": ratio(spread, pgbench_spread),
        })
    }

    /// Transactions per second of one conditional update each.
    fn pgbench(&self, load: Load) -> f64 {
        let row = match load {
            Load::Hot => "1".to_owned(),
            Load::Spread => format!("random(1, {VARIANTS})"),
        };
        let script = self.file(&format!(
            "\\set row {row}\n\
             UPDATE public.yardstick SET reserved = reserved + 1\n\
             WHERE variant_id = lpad(:row::text, 32, '0')::uuid AND on_hand - reserved >= 1;\n"
        ));
        let seconds = ROUND.as_secs().to_string();
        let output = Command::new(programs::postgres("pgbench").unwrap())
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .args(["--client", &AT_A_TIME.to_string(), "--time", &seconds])
            .arg("--file")
            .arg(script.path())
            .arg(self.db.admin_url())
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let line = printed.lines().find(|line| line.starts_with("tps = "));
        let line = line.unwrap_or_else(|| panic!("{printed}{:?}", output.stderr));
        line.split_whitespace().nth(2).unwrap().parse().unwrap()
    }

    fn file(&self, text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    /// Reservations per second, each for another order of another buyer, asked for by wrk: a client of our own would take more
    /// of the machine than what it measures.
    fn reserve(&self, load: Load) -> f64 {
        let variants = match load {
            Load::Hot => self.variants.get(..1),
            Load::Spread => self.variants.get(..),
        };
        let list = variants.unwrap().iter().map(Uuid::to_string);
        let variants = self.file(&list.collect::<Vec<_>>().join("\n"));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/reserve.lua");
        let output = Command::new("wrk")
            .args(["--threads", "1", "--connections", &AT_A_TIME.to_string()])
            .args([
                "--duration",
                &format!("{}s", ROUND.as_secs()),
                "--script",
                script,
            ])
            .arg(format!(
                "http://{}/internal/reservations",
                self.service.handles.address
            ))
            .env("TOKEN", service::service_token("orders", "inventory"))
            .env("VARIANTS", variants.path())
            .output()
            .unwrap_or_else(|error| panic!("wrk cannot be run: {error}"));
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(
            !printed.contains("Non-2xx") && !printed.contains("Socket errors"),
            "{printed}"
        );
        let line = printed
            .lines()
            .find(|line| line.starts_with("Requests/sec:"));
        let line = line.unwrap_or_else(|| panic!("{printed}{:?}", output.stderr));
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds.get(rounds.len() / 2).copied().unwrap()
}

fn ratio(ours: f64, theirs: f64) -> f64 {
    (ours / theirs * 1_000.0).round() / 1_000.0
}
