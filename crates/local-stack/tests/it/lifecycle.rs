//! Start, stop, kill and restart of each server.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use local_stack::{
    Postgres, PostgresOptions, RabbitMq, RabbitOptions, Redis, RedisOptions, Scratch, ports,
};

fn postgres_in(dir: &Path) -> Postgres {
    let options = PostgresOptions {
        dir: dir.to_path_buf(),
        port: None,
        durable: false,
    };
    Postgres::start(options).unwrap()
}

#[test]
fn postgres_keeps_its_port_and_data_over_a_crash_and_a_stop() {
    let dir = Scratch::new().unwrap();
    let mut postgres = postgres_in(dir.path());
    let (port, first_pid) = (postgres.port(), postgres.pid());
    assert_eq!(
        postgres.url(),
        format!("postgres://postgres@127.0.0.1:{port}/postgres")
    );

    postgres.kill();
    assert!(ports::is_free(port), "a killed server still listens");
    postgres.restart().unwrap();
    assert_eq!(postgres.port(), port);
    assert_ne!(postgres.pid(), first_pid);

    postgres.stop();
    assert!(ports::is_free(port), "a stopped server still listens");
    let again = postgres_in(dir.path());
    assert_eq!(again.port(), port, "the port is remembered");
}

#[test]
fn a_durable_postgres_asks_the_services_roles_for_a_password() {
    let dir = Scratch::new().unwrap();
    let options = PostgresOptions {
        dir: dir.path().to_path_buf(),
        port: None,
        durable: true,
    };
    let postgres = Postgres::start(options).unwrap();
    // Startup packet of protocol 3.0 for a role without a password.
    let mut server = TcpStream::connect(("127.0.0.1", postgres.port())).unwrap();
    let parameters = b"user\0auth\0database\0postgres\0\0";
    let mut packet = (8 + u32::try_from(parameters.len()).unwrap())
        .to_be_bytes()
        .to_vec();
    packet.extend(0x0003_0000_u32.to_be_bytes());
    packet.extend(parameters);
    server.write_all(&packet).unwrap();
    let mut answer = [0; 9];
    server.read_exact(&mut answer).unwrap();
    assert_eq!(answer[0], b'R');
    assert_eq!(
        u32::from_be_bytes(answer[5..9].try_into().unwrap()),
        10,
        "10 is SASL"
    );
}

/// PostgreSQL leaves root's rights behind, and with them the way through a private directory.
#[test]
fn postgres_starts_below_a_private_directory() {
    let dir = Scratch::new().unwrap();
    let private = dir.path().join("home");
    fs::create_dir(&private).unwrap();
    fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).unwrap();
    let below = private.join("tree");
    let first = postgres_in(&below);
    let port = first.port();
    first.stop();
    let second = postgres_in(&below);
    assert_eq!(second.port(), port);
    drop(second);
    if let Ok(elsewhere) = fs::read_link(below.join("data-home")) {
        fs::remove_dir_all(elsewhere).unwrap();
    }
}

#[test]
fn redis_keeps_its_port_and_forgets_everything() {
    let dir = Scratch::new().unwrap();
    let options = RedisOptions {
        dir: dir.path().to_path_buf(),
        port: None,
    };
    let mut redis = Redis::start(options.clone()).unwrap();
    let port = redis.port();
    assert_eq!(redis.url(), format!("redis://127.0.0.1:{port}/"));
    assert_eq!(ask_redis(port, "SET a 1"), "+OK");

    redis.kill();
    assert!(ports::is_free(port));
    redis.restart().unwrap();
    assert_eq!(ask_redis(port, "GET a"), "$-1");

    redis.stop();
    assert_eq!(Redis::start(options).unwrap().port(), port);
}

#[test]
fn rabbitmq_keeps_its_ports_over_a_crash_and_a_stop() {
    let dir = Scratch::new().unwrap();
    let options = RabbitOptions {
        dir: dir.path().to_path_buf(),
        port: None,
    };
    let mut rabbitmq = RabbitMq::start(options.clone()).unwrap();
    let port = rabbitmq.port();
    assert_eq!(
        rabbitmq.url(),
        format!("amqp://guest:guest@127.0.0.1:{port}/%2f")
    );

    rabbitmq.kill();
    assert!(ports::is_free(port));
    rabbitmq.restart().unwrap();
    assert!(!ports::is_free(port));

    rabbitmq.stop();
    assert!(ports::is_free(port));
}

#[test]
fn a_wanted_port_is_used() {
    let dir = Scratch::new().unwrap();
    let port = ports::find_free().unwrap();
    let options = RedisOptions {
        dir: dir.path().to_path_buf(),
        port: Some(port),
    };
    assert_eq!(Redis::start(options).unwrap().port(), port);
}

fn ask_redis(port: u16, command: &str) -> String {
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    server
        .write_all(format!("{command}\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    BufReader::new(server).read_line(&mut answer).unwrap();
    answer.trim().to_owned()
}
