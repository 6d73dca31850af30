//! What is said to a server is encrypted where its URL wants it, and only to the server that it means.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::authorities;
use common::database::{Database, DatabaseSettings, establish};
use common::redis::{Redis, RedisSettings};
use common::settings::Reader;
use diesel::sql_types::{Bool, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use messaging::broker::Broker;
use messaging::{AmqpSettings, relay};
use tempfile::TempDir;
use test_support::{PrivatePostgres, TestBroker, TestDb, TestRedis, TlsFront};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::database;

/// It names the address, and is its own authority.
const MAKE_CERTIFICATE: &str = "COPY (SELECT 1) TO PROGRAM 'openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=database
    -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.crt'";

/// A server that can speak either way.
struct Server {
    db: TestDb,
    dir: TempDir,
    _postgres: PrivatePostgres,
}

impl Server {
    async fn start() -> Self {
        common::crypto::install_providers();
        let postgres = PrivatePostgres::start();
        let db = database::start_on(&postgres, database::SERVICE);
        let mut admin = database::connect(&db.admin_url()).await;
        for sql in [
            &MAKE_CERTIFICATE.replace('\n', " "),
            "ALTER SYSTEM SET ssl = on",
            "SELECT pg_reload_conf()",
        ] {
            admin.batch_execute(sql).await.unwrap();
        }
        let certificate = "SELECT pg_read_file('server.crt') AS said";
        let certificate: Said = sql_query(certificate).get_result(&mut admin).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("authority.pem"), certificate.said).unwrap();
        let server = Self {
            db,
            dir,
            _postgres: postgres,
        };
        server.until_it_offers().await;
        server
    }

    async fn until_it_offers(&self) {
        for _ in 0..200 {
            if establish(&self.url("verify-full")).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{}", refused(&self.url("verify-full")).await);
    }

    fn authority(&self) -> String {
        let file = self.dir.path().join("authority.pem");
        file.to_str().unwrap().to_owned()
    }

    fn url(&self, mode: &str) -> String {
        let authority = self.authority();
        format!("{}?sslmode={mode}&sslrootcert={authority}", self.db.url())
    }
}

#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    said: String,
}

#[derive(QueryableByName)]
struct Encrypted {
    #[diesel(sql_type = Bool)]
    ssl: bool,
}

async fn is_encrypted(connection: &mut AsyncPgConnection) -> bool {
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row: Encrypted = sql_query(sql).get_result(connection).await.unwrap();
    row.ssl
}

async fn refused(url: &str) -> String {
    let pool = Database::connect(&DatabaseSettings::new(url));
    match pool.get().await {
        Ok(_) => panic!("{url} leads to a connection"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_connection_is_encrypted_if_it_is_to_be() {
    let server = Server::start().await;
    for mode in ["require", "verify-ca", "verify-full"] {
        let pool = Database::connect(&DatabaseSettings::new(server.url(mode)));
        assert!(is_encrypted(&mut pool.get().await.unwrap()).await, "{mode}");
    }
    for options in ["", "?sslmode=disable", "?sslmode=prefer"] {
        let url = format!("{}{options}", server.db.url());
        let pool = Database::connect(&DatabaseSettings::new(url.as_str()));
        assert!(!is_encrypted(&mut pool.get().await.unwrap()).await, "{url}");
    }
}

#[tokio::test]
async fn a_commit_wakes_the_relay_on_an_encrypted_connection() {
    let server = Server::start().await;
    let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let listening = relay::wake_on_commit(
        database::SERVICE,
        server.url("verify-full").into(),
        Arc::clone(&wake),
        stop.clone(),
    );
    let listening = tokio::spawn(listening);
    // Once as soon as it listens.
    timeout(Duration::from_secs(5), wake.notified())
        .await
        .unwrap();
    let notify = format!("NOTIFY {}_outbox", database::SERVICE);
    let mut writer = database::connect(&server.db.url()).await;
    writer.batch_execute(&notify).await.unwrap();
    timeout(Duration::from_secs(5), wake.notified())
        .await
        .unwrap();
    stop.cancel();
    listening.await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_show_who_it_is_hears_nothing() {
    let server = Server::start().await;
    let strange = format!("{}?sslmode=require", server.db.url());
    assert!(
        refused(&strange).await.contains("UnknownIssuer"),
        "{}",
        refused(&strange).await
    );

    let other_name = server.url("require").replace("@127.0.0.1", "@localhost");
    let why = refused(&other_name).await;
    assert!(why.contains("not valid for name"), "{why}");

    let silent = database::start();
    let url = format!(
        "{}?sslmode=require&sslrootcert={}",
        silent.url(),
        server.authority()
    );
    let why = refused(&url).await;
    assert!(why.contains("does not support TLS"), "{why}");
}

#[tokio::test]
async fn the_broker_is_reached_encrypted_if_it_is_to_be() {
    let plain = TestBroker::shared();
    let front = TlsFront::start(plain.url());
    let settings = AmqpSettings::bare(front.url().to_owned(), String::new());
    let strange = Broker::new(settings.clone()).connect("test").await;
    let why = strange.err().map(|error| error.to_string());
    assert!(
        why.as_ref()
            .is_some_and(|why| why.contains("UnknownIssuer")),
        "{why:?}"
    );

    let authorities = Some(authorities::read(&front.authority()).unwrap());
    let settings = AmqpSettings {
        authorities,
        ..settings
    };
    let connection = Broker::new(settings).connect("test").await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.close(200, "done".into()).await.unwrap();
}

#[tokio::test]
async fn authorities_for_an_open_connection_to_the_broker_stop_the_start() {
    let front = TlsFront::start("amqp://127.0.0.1:1");
    let file = front.authority();
    let pairs = [
        ("ORDERS__AMQP__URL", "amqp://127.0.0.1:1"),
        ("ORDERS__AMQP__CA_FILE", file.to_str().unwrap()),
    ];
    let mut read = Reader::from_pairs("orders", pairs);
    let settings = AmqpSettings::read_for_broadcasts(&mut read);
    let problem = "ORDERS__AMQP__CA_FILE is of no use: the broker's URL is no `amqps://`";
    assert_eq!(read.finish(settings).unwrap_err().problems(), [problem]);
}

#[tokio::test]
async fn redis_is_reached_encrypted_if_it_is_to_be() {
    let plain = TestRedis::shared();
    let front = TlsFront::start(plain.url());
    let settings = RedisSettings {
        deadline: Duration::from_secs(2),
        ..RedisSettings::new(front.url())
    };
    let ping = redis::cmd("PING");
    let strange = Redis::connect(&settings).unwrap();
    let answer: Result<String, _> = strange.call(&ping).await;
    let why = answer.unwrap_err().to_string();
    assert!(why.contains("UnknownIssuer"), "{why}");

    let authorities = Some(authorities::read(&front.authority()).unwrap());
    let known = Redis::connect(&RedisSettings {
        authorities,
        ..settings
    })
    .unwrap();
    let answer: String = known.call(&ping).await.unwrap();
    assert_eq!(answer, "PONG");
}

#[tokio::test]
async fn authorities_that_are_none_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let missing = dir.path().join("missing.pem");
    let empty = file("empty.pem", "nothing\n");
    for path in [missing.as_path(), &empty] {
        let why = refused(&url_with(path)).await;
        assert!(why.contains(path.to_str().unwrap()), "{why}");
    }
}

fn url_with(authorities: &Path) -> String {
    let file = authorities.to_str().unwrap();
    format!("postgres://orders@127.0.0.1:1/orders?sslmode=require&sslrootcert={file}")
}
