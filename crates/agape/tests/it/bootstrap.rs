//! Roles and schemas: who may make them, what they may do, and making them again.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use agape::bootstrap::{self, Outcome};
use agape::keys::RolePasswords;
use local_stack::{Postgres, PostgresOptions, Scratch, programs};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

struct Server {
    postgres: Postgres,
    _folder: Scratch,
}

impl Server {
    /// A durable one, because only that asks the services' roles for their passwords.
    fn start() -> Self {
        let folder = Scratch::new().unwrap();
        let dir = folder.path().join("postgres");
        let postgres = Postgres::start(PostgresOptions {
            dir,
            port: None,
            durable: true,
        })
        .unwrap();
        Self {
            postgres,
            _folder: folder,
        }
    }

    fn url(&self, user: &str, password: &str, database: &str) -> String {
        format!(
            "postgres://{user}:{password}@127.0.0.1:{}/{database}",
            self.postgres.port()
        )
    }

    /// An administrator's login with the given rights.
    async fn administrator(&self, name: &str, rights: &str) -> String {
        let statement = format!("CREATE ROLE {name} LOGIN {rights} PASSWORD 'pw'");
        connect(&self.postgres.url())
            .await
            .batch_execute(&statement)
            .await
            .unwrap();
        self.url(name, "pw", "postgres")
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn passwords() -> BTreeMap<String, RolePasswords> {
    ["shop", "stock"]
        .map(|name| {
            let pair = RolePasswords {
                owner: format!("{name}o"),
                runtime: format!("{name}r"),
            };
            (name.to_owned(), pair)
        })
        .into()
}

#[tokio::test]
async fn an_administrator_without_superuser_rights_is_enough_and_may_repeat_it() {
    let server = Server::start();
    let admin = server
        .administrator("operator", "CREATEROLE CREATEDB")
        .await;
    for _ in 0..2 {
        let outcome = bootstrap::run(&admin, &passwords()).await.unwrap();
        assert!(matches!(outcome, Outcome::Done), "{outcome:?}");
    }
    bootstrap::check_role(&server.url("shop_owner", "shopo", "agape"), "shop")
        .await
        .unwrap();
    bootstrap::check_role(&server.url("shop", "shopr", "agape"), "shop")
        .await
        .unwrap();
    let wrong = bootstrap::check_role(&server.url("shop", "wrong", "agape"), "shop").await;
    assert!(wrong.is_err(), "the password counts");
}

#[tokio::test]
async fn a_service_works_with_rows_and_nothing_else_and_sees_no_other_service() {
    let server = Server::start();
    bootstrap::run(&server.postgres.url(), &passwords())
        .await
        .unwrap();
    let owner = connect(&server.url("shop_owner", "shopo", "agape")).await;
    owner
        .batch_execute("CREATE TABLE things (id bigserial PRIMARY KEY)")
        .await
        .unwrap();

    let service = connect(&server.url("shop", "shopr", "agape")).await;
    service
        .batch_execute(
            "INSERT INTO things DEFAULT VALUES; UPDATE things SET id = 2; DELETE FROM things",
        )
        .await
        .unwrap();
    let neighbour = connect(&server.url("stock", "stockr", "agape")).await;
    for (client, statement) in [
        (&service, "CREATE TABLE mine (id int)"),
        (&service, "DROP TABLE things"),
        (&service, "TRUNCATE things"),
        (&service, "CREATE TABLE public.mine (id int)"),
        (&neighbour, "SELECT * FROM shop.things"),
    ] {
        let refused = client.batch_execute(statement).await.unwrap_err();
        let code = refused.code();
        let is_refusal = [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::UNDEFINED_TABLE];
        assert!(
            code.is_some_and(|code| is_refusal.contains(code)),
            "{statement}: {refused:?}"
        );
    }
    let timeout = service
        .query_one("SHOW statement_timeout", &[])
        .await
        .unwrap();
    assert_eq!(timeout.get::<_, &str>(0), "5s");
}

#[tokio::test]
async fn without_the_right_to_make_roles_the_sql_is_handed_to_somebody_who_has_it() {
    let server = Server::start();
    let admin = server.administrator("clerk", "").await;
    let Outcome::NeedsAdministrator(sql) = bootstrap::run(&admin, &passwords()).await.unwrap()
    else {
        panic!("a clerk made roles");
    };
    psql(&server.postgres.url(), &sql);
    let outcome = bootstrap::run(&admin, &passwords()).await.unwrap();
    assert!(
        matches!(outcome, Outcome::Done),
        "nothing is left to do: {outcome:?}"
    );
}

#[tokio::test]
async fn what_is_filled_is_counted_and_what_is_empty_is_not_taken_for_empty_for_ever() {
    let server = Server::start();
    let url = server.postgres.url();
    bootstrap::run(&url, &passwords()).await.unwrap();
    let service = connect(&server.url("shop_owner", "shopo", "agape")).await;
    let tables = "CREATE TABLE shop.filled AS SELECT generate_series(1, 700) AS n; CREATE TABLE shop.nothing (n int)";
    service.batch_execute(tables).await.unwrap();
    bootstrap::analyze(&url).await.unwrap();
    let sql = "SELECT relname::text, reltuples::int FROM pg_class WHERE relname IN ('filled', 'nothing') ORDER BY 1";
    let rows = service.query(sql, &[]).await.unwrap();
    let counted: Vec<(String, i32)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    // Less than nothing: never counted.
    assert_eq!(
        counted,
        [("filled".to_owned(), 700), ("nothing".to_owned(), -1)]
    );
}

fn psql(url: &str, script: &str) {
    let mut psql = Command::new(programs::postgres("psql").unwrap())
        .args(["-v", "ON_ERROR_STOP=1", "-q", url])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    psql.stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    assert!(psql.wait().unwrap().success());
}
