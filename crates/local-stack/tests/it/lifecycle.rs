//! Start, stop, kill and restart of each server.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use local_stack::{
    Postgres, PostgresOptions, RabbitMq, RabbitOptions, Redis, RedisOptions, Scratch, leftover,
    ports,
};

fn postgres_in(dir: &Path) -> Postgres {
    let options = PostgresOptions {
        dir: dir.to_path_buf(),
        port: None,
        durable: false,
    };
    Postgres::start(options).unwrap()
}

/// Whoever starts on the directory next finds the server that runs there.
fn assert_noted(dir: &Scratch, server: &str, pid: u32) {
    let noted = leftover::running(&dir.path().join(format!("{server}.pid")));
    assert_eq!(noted, Some(pid));
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
    assert_noted(&dir, "postgres", postgres.pid());
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
    assert_noted(&dir, "redis", redis.pid());
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
    assert_noted(&dir, "rabbitmq", rabbitmq.pid());
    assert!(!ports::is_free(port));

    rabbitmq.stop();
    assert!(ports::is_free(port));
}

#[test]
fn a_broker_can_be_controlled_and_paused() {
    let dir = Scratch::new().unwrap();
    let options = RabbitOptions {
        dir: dir.path().to_path_buf(),
        port: None,
    };
    let mut rabbitmq = RabbitMq::start(options).unwrap();
    let alarms = ["eval", "rabbit_alarm:get_alarms()."];
    assert_eq!(rabbitmq.control(&alarms).unwrap().trim(), "[]");
    rabbitmq
        .control(&["set_vm_memory_high_watermark", "0.0001"])
        .unwrap();
    let raised = rabbitmq.control(&alarms).unwrap();
    assert!(raised.contains("memory"), "{raised}");
    let refused = rabbitmq.control(&["delete_vhost", "nowhere"]).unwrap_err();
    assert!(refused.to_string().contains("nowhere"), "{refused}");

    let pid = rabbitmq.pid();
    rabbitmq.pause();
    assert!(!rabbitmq.is_ready());
    assert!(rabbitmq.is_running(), "a paused node is no dead one");
    rabbitmq.resume();
    assert!(rabbitmq.is_ready());
    assert_eq!(rabbitmq.pid(), pid);

    rabbitmq.pause();
    let port = rabbitmq.port();
    rabbitmq.stop();
    assert!(ports::is_free(port), "a paused node is stopped too");
}

#[test]
fn a_rabbitmq_killed_while_it_was_being_made_is_made_anew() {
    let dir = Scratch::new().unwrap();
    let options = RabbitOptions {
        dir: dir.path().to_path_buf(),
        port: None,
    };
    let mut half_made = RabbitMq::spawn(options.clone()).unwrap();
    let begun = dir.path().join("mnesia/agape@localhost/LATEST.LOG");
    while !begun.exists() {
        assert!(half_made.is_running());
        std::thread::sleep(Duration::from_millis(1));
    }
    half_made.kill();
    drop(half_made);

    let whole = RabbitMq::start(options).unwrap();
    assert!(whole.is_ready());
}

#[test]
fn a_paused_postgres_answers_nobody_until_it_is_resumed() {
    let dir = Scratch::new().unwrap();
    let mut postgres = postgres_in(dir.path());
    let port = postgres.port();
    // Startup packet of protocol 3.0, and the authentication answer that a new backend begins with.
    let greet = |patience: Duration| {
        let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        server.set_read_timeout(Some(patience)).unwrap();
        let parameters = b"user\0postgres\0database\0postgres\0\0";
        let length = u32::try_from(8 + parameters.len()).unwrap();
        let head = [length.to_be_bytes(), 0x0003_0000_u32.to_be_bytes()].concat();
        server
            .write_all(&[&head, &parameters[..]].concat())
            .unwrap();
        let mut ready = [0; 4096];
        let answered = server.read(&mut ready).is_ok_and(|read| read > 0);
        (server, answered)
    };
    let (mut open, answered) = greet(Duration::from_secs(5));
    assert!(answered);
    // An empty query, which a live backend answers at once.
    let ask = |server: &mut TcpStream| {
        server.write_all(b"Q\0\0\0\x05\0").unwrap();
        server
            .set_read_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        let mut answer = [0; 64];
        server.read(&mut answer).is_ok_and(|read| read > 0)
    };
    assert!(ask(&mut open));

    postgres.pause();
    assert!(!ask(&mut open), "an old connection is answered");
    assert!(
        !greet(Duration::from_millis(500)).1,
        "a new connection is answered"
    );
    postgres.resume();
    assert!(ask(&mut open));
    assert!(greet(Duration::from_secs(5)).1);

    postgres.pause();
    postgres.kill();
    assert!(ports::is_free(port), "a paused server is killed too");
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
