//! A parent that is killed leaves nothing running, and what it left on disk does not stop the
//! next start.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use local_stack::{
    Postgres, PostgresOptions, RabbitMq, RabbitOptions, Redis, RedisOptions, Scratch, leftover,
};

/// Set for the copy of this test binary that plays the parent to be killed.
const PLAY_PARENT_IN: &str = "LOCAL_STACK_TEST_PARENT_DIR";

const PID_FILES: [&str; 4] = [
    "postgres/postgres.pid",
    "redis/redis.pid",
    "rabbitmq/rabbitmq.pid",
    "rabbitmq/epmd.pid",
];

#[test]
fn a_killed_parent_leaves_nothing_running_and_the_next_start_works() {
    let dir = Scratch::new().unwrap();
    let mut parent = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "orphans::parent_to_be_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(PLAY_PARENT_IN, dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("the parent's servers", Duration::from_secs(120), || {
        dir.path().join("up").exists()
    });
    let pid_files = PID_FILES.map(|name| dir.path().join(name));
    assert!(
        pid_files
            .iter()
            .all(|file| leftover::running(file).is_some()),
        "all four run"
    );

    parent.kill().unwrap();
    parent.wait().unwrap();

    wait_for("the orphans' end", Duration::from_secs(10), || {
        pid_files
            .iter()
            .all(|file| leftover::running(file).is_none())
    });
    wait_for("the end of every helper", Duration::from_secs(10), || {
        mentions(dir.path()) == 0
    });
    start_all(dir.path());
}

#[test]
#[ignore = "plays the killed parent; started by the test above"]
#[expect(
    clippy::disallowed_methods,
    reason = "a test's marker is no setting of a service"
)]
fn parent_to_be_killed() {
    let Ok(dir) = env::var(PLAY_PARENT_IN) else {
        return;
    };
    let _servers = start_all(Path::new(&dir));
    fs::write(Path::new(&dir).join("up"), "").unwrap();
    thread::sleep(Duration::from_secs(300));
}

fn start_all(dir: &Path) -> (Postgres, Redis, RabbitMq) {
    let rabbitmq = {
        let options = RabbitOptions {
            dir: dir.join("rabbitmq"),
            port: None,
        };
        thread::spawn(move || RabbitMq::start(options))
    };
    let options = PostgresOptions {
        dir: dir.join("postgres"),
        port: None,
        durable: false,
    };
    let postgres = Postgres::start(options).unwrap();
    let redis = Redis::start(RedisOptions {
        dir: dir.join("redis"),
        port: None,
    })
    .unwrap();
    (postgres, redis, rabbitmq.join().unwrap().unwrap())
}

/// How many processes name the directory in their command line or environment.
fn mentions(dir: &Path) -> usize {
    let needle = dir.to_str().unwrap().to_owned();
    let about = |pid: &Path| {
        ["cmdline", "environ"]
            .map(|file| fs::read(pid.join(file)).unwrap_or_default())
            .iter()
            .any(|bytes| String::from_utf8_lossy(bytes).contains(&needle))
    };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter(|entry| about(&entry.path())).count()
}

fn wait_for(what: &str, patience: Duration, done: impl Fn() -> bool) {
    let until = Instant::now() + patience;
    while !done() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}
