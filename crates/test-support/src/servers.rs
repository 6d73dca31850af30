//! The servers that tests talk to.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use local_stack::{
    Postgres, PostgresOptions, RabbitMq, RabbitOptions, Redis, RedisOptions, Scratch,
};

/// A server and the directory it lives in; in a static, both last as long as the test binary.
struct Housed<S> {
    server: S,
    // Dropped after the server that writes into it.
    _home: Scratch,
}

fn scratch() -> Scratch {
    Scratch::new().expect("a temporary directory")
}

fn start_postgres(home: &Scratch, durable: bool) -> Postgres {
    let dir = home.path().join("postgres");
    Postgres::start(PostgresOptions {
        dir,
        port: None,
        durable,
    })
    .expect("PostgreSQL starts")
}

/// The PostgreSQL of this test binary.
pub(crate) fn shared_postgres() -> &'static Postgres {
    static SHARED: OnceLock<Housed<Postgres>> = OnceLock::new();
    let housed = SHARED.get_or_init(|| {
        let home = scratch();
        Housed {
            server: start_postgres(&home, false),
            _home: home,
        }
    });
    &housed.server
}

/// A PostgreSQL that one test has to itself, to kill and restart.
#[derive(Debug)]
pub struct PrivatePostgres {
    server: Postgres,
    _home: Scratch,
}

impl PrivatePostgres {
    /// Starts it; takes about a second.
    pub fn start() -> Self {
        let home = scratch();
        Self {
            server: start_postgres(&home, false),
            _home: home,
        }
    }

    /// Starts one that writes to disk before it answers, as in production; for measurements.
    pub fn start_durable() -> Self {
        let home = scratch();
        // A cluster keeps the access rules it was made with, and roles of tests have no passwords.
        drop(start_postgres(&home, false));
        Self {
            server: start_postgres(&home, true),
            _home: home,
        }
    }

    /// The administrator's URL.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Crashes it.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again on the same port with the same data.
    pub fn restart(&mut self) {
        self.server.restart().expect("PostgreSQL restarts");
    }

    /// Stops it in its tracks, with every connection it serves, until [`PrivatePostgres::resume`].
    pub fn pause(&mut self) {
        self.server.pause();
    }

    /// Lets it go on where it was.
    pub fn resume(&mut self) {
        self.server.resume();
    }
}

/// A place in a Redis server.
#[derive(Debug)]
pub struct TestRedis {
    url: String,
    prefix: String,
    private: Option<(Redis, Scratch)>,
}

impl TestRedis {
    /// A prefix of one's own in the Redis of this test binary.
    pub fn shared() -> Self {
        static SHARED: OnceLock<Housed<Redis>> = OnceLock::new();
        let housed = SHARED.get_or_init(|| {
            let home = scratch();
            let server = start_redis(&home);
            Housed {
                server,
                _home: home,
            }
        });
        Self {
            url: housed.server.url(),
            prefix: fresh_prefix(),
            private: None,
        }
    }

    /// A Redis that one test has to itself, to kill and restart.
    pub fn private() -> Self {
        let home = scratch();
        let server = start_redis(&home);
        Self {
            url: server.url(),
            prefix: fresh_prefix(),
            private: Some((server, home)),
        }
    }

    /// The server's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What this test's keys begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Crashes a private server.
    ///
    /// # Panics
    /// If the server is shared with other tests.
    pub fn kill(&mut self) {
        self.owned().kill();
    }

    /// Starts a private server again, empty, on the same port.
    ///
    /// # Panics
    /// If the server is shared with other tests.
    pub fn restart(&mut self) {
        self.owned().restart().expect("Redis restarts");
    }

    fn owned(&mut self) -> &mut Redis {
        let (server, _) = self
            .private
            .as_mut()
            .expect("only a private Redis may be broken");
        server
    }
}

fn start_redis(home: &Scratch) -> Redis {
    let dir = home.path().join("redis");
    Redis::start(RedisOptions { dir, port: None }).expect("Redis starts")
}

const NOT_PRIVATE: &str = "only a private broker may be broken or looked into";

/// A place in a RabbitMQ broker.
#[derive(Debug)]
pub struct TestBroker {
    url: String,
    prefix: String,
    private: Option<(RabbitMq, Scratch)>,
}

impl TestBroker {
    /// A prefix of one's own in the broker of this test binary; the first caller waits some
    /// seconds for it.
    pub fn shared() -> Self {
        static SHARED: OnceLock<Housed<RabbitMq>> = OnceLock::new();
        let housed = SHARED.get_or_init(|| {
            let home = scratch();
            let server = start_broker(&home);
            Housed {
                server,
                _home: home,
            }
        });
        Self {
            url: housed.server.url(),
            prefix: fresh_prefix(),
            private: None,
        }
    }

    /// A broker that one test has to itself, to kill and restart.
    pub fn private() -> Self {
        let home = scratch();
        let server = start_broker(&home);
        Self {
            url: server.url(),
            prefix: fresh_prefix(),
            private: Some((server, home)),
        }
    }

    /// The broker's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What this test's exchanges and queues begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Crashes a private broker.
    ///
    /// # Panics
    /// If the broker is shared with other tests.
    pub fn kill(&mut self) {
        self.owned().kill();
    }

    /// Starts a private broker again, with its durable queues, on the same port.
    ///
    /// # Panics
    /// If the broker is shared with other tests.
    pub fn restart(&mut self) {
        self.owned().restart().expect("RabbitMQ restarts");
    }

    /// Stops a private broker in its tracks, its connections open, until [`TestBroker::resume`].
    ///
    /// # Panics
    /// If the broker is shared with other tests.
    pub fn pause(&mut self) {
        self.owned().pause();
    }

    /// Lets a private broker go on where it was.
    ///
    /// # Panics
    /// If the broker is shared with other tests.
    pub fn resume(&mut self) {
        self.owned().resume();
    }

    /// Runs `rabbitmqctl` on a private broker and returns what it printed.
    ///
    /// # Panics
    /// If the broker is shared with other tests, or the command fails.
    pub fn control(&self, arguments: &[&str]) -> String {
        self.private_server()
            .control(arguments)
            .expect("rabbitmqctl does it")
    }

    /// The AMQP port of a private broker on 127.0.0.1.
    ///
    /// # Panics
    /// If the broker is shared with other tests.
    pub fn port(&self) -> u16 {
        self.private_server().port()
    }

    /// The process id of a private broker.
    ///
    /// # Panics
    /// If the broker is shared with other tests.
    pub fn pid(&self) -> u32 {
        self.private_server().pid()
    }

    fn private_server(&self) -> &RabbitMq {
        let (server, _) = self.private.as_ref().expect(NOT_PRIVATE);
        server
    }

    fn owned(&mut self) -> &mut RabbitMq {
        let (server, _) = self.private.as_mut().expect(NOT_PRIVATE);
        server
    }
}

fn start_broker(home: &Scratch) -> RabbitMq {
    let dir = home.path().join("rabbitmq");
    RabbitMq::start(RabbitOptions { dir, port: None }).expect("RabbitMQ starts")
}

fn fresh_prefix() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("t{}.", COUNT.fetch_add(1, Ordering::Relaxed))
}
