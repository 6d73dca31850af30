//! Backups of PostgreSQL, and going back to a moment.

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, Utc};
use local_stack::{Backups, Postgres, PostgresOptions, Scratch, StackError, programs};

fn start(dir: &Path) -> Postgres {
    let options = PostgresOptions {
        dir: dir.to_path_buf(),
        port: None,
        durable: false,
    };
    Postgres::start_archiving(options).unwrap()
}

fn ask(server: &Postgres, sql: &str) -> String {
    let psql = programs::postgres("psql").unwrap();
    let output = Command::new(psql)
        .args(["-X", "-A", "-t", "-q", &server.url(), "-c", sql])
        .output()
        .unwrap();
    assert!(output.status.success(), "{sql}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The server's time.
fn now(server: &Postgres) -> DateTime<Utc> {
    let now = ask(
        server,
        r#"SELECT to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"#,
    );
    now.parse().unwrap()
}

fn rows(server: &Postgres) -> String {
    ask(
        server,
        "SELECT string_agg(id::text, ' ' ORDER BY id) FROM t",
    )
}

fn archive_everything(server: &Postgres, backups: &Backups) -> String {
    ask(server, "SELECT pg_current_xact_id()");
    let segment = ask(server, "SELECT pg_walfile_name(pg_switch_wal())");
    backups.wait_for(&segment).unwrap();
    segment
}

#[test]
fn a_server_goes_back_to_any_moment_since_its_backup_and_on_from_there() {
    let dir = Scratch::new().unwrap();
    let home = dir.path().join("postgres");
    let server = start(&home);
    let backups = Backups::of(&home, &dir.path().join("backups")).unwrap();
    assert_eq!(backups.list().unwrap(), []);
    ask(&server, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    ask(&server, "SELECT pg_switch_wal()");
    assert!(!backups.archive().exists(), "nobody wanted a backup yet");

    backups.begin().unwrap();
    backups.copy(&server.url()).unwrap();
    let first = backups.finish(now(&server)).unwrap();
    assert!(first.size().unwrap() > 1_000_000);
    ask(&server, "INSERT INTO t VALUES (2)");
    let with_two = now(&server);
    ask(&server, "INSERT INTO t VALUES (3)");
    let with_three = now(&server);
    archive_everything(&server, &backups);

    let beside = dir.path().join("restored");
    let restore = |until| backups.restore(&first, until, &beside, false);
    let copy = restore(Some(with_two)).unwrap();
    assert_eq!(rows(&copy.server), "1 2");
    assert_eq!(rows(&server), "1 2 3");
    copy.discard().unwrap();
    assert!(!beside.exists());
    let refused = restore(Some(now(&server))).unwrap_err();
    let StackError::TooLate { last: Some(_) } = refused else {
        panic!("{refused}");
    };

    // It becomes what it was, and goes on from there.
    let until = now(&server);
    server.stop();
    let copy = backups
        .restore(&first, Some(with_two), &beside, true)
        .unwrap();
    let aside = backups.replace(copy, until).unwrap();
    assert!(aside.join("PG_VERSION").exists() && !beside.exists());
    let server = start(&home);
    assert_eq!(rows(&server), "1 2");
    ask(&server, "INSERT INTO t VALUES (4)");
    let segment = archive_everything(&server, &backups);
    assert!(segment.starts_with("00000002"), "{segment}");

    // What was left is not lost, and what came then is kept as well.
    let copy = restore(Some(with_three)).unwrap();
    assert_eq!(rows(&copy.server), "1 2 3");
    copy.discard().unwrap();
    backups.copy(&server.url()).unwrap();
    let second = backups.finish(now(&server)).unwrap();
    ask(&server, "INSERT INTO t VALUES (5)");
    archive_everything(&server, &backups);
    assert_eq!(backups.prune(1).unwrap(), [first]);
    assert_eq!(backups.list().unwrap(), std::slice::from_ref(&second));
    let copy = backups.restore(&second, None, &beside, false).unwrap();
    assert_eq!(rows(&copy.server), "1 2 4 5");
    copy.discard().unwrap();
}

#[test]
fn replaced_data_whose_place_was_left_empty_takes_it_at_the_start() {
    let dir = Scratch::new().unwrap();
    let server = start(dir.path());
    ask(&server, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
    server.stop();
    let data = dir.path().join("data");
    std::fs::rename(&data, dir.path().join("data.restored")).unwrap();
    assert_eq!(rows(&start(dir.path())), "1");
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let dir = Scratch::new().unwrap();
    let home = dir.path().join("postgres");
    let server = start(&home);
    let backups = Backups::of(&home, &dir.path().join("backups")).unwrap();
    backups.begin().unwrap();
    backups.copy(&server.url()).unwrap();
    let backup = backups.finish(now(&server)).unwrap();
    std::fs::write(backup.path.join("PG_VERSION"), "51\n").unwrap();
    let beside = dir.path().join("restored");
    let refused = backups.restore(&backup, None, &beside, false).unwrap_err();
    assert!(refused.to_string().contains("PG_VERSION"), "{refused}");
}
