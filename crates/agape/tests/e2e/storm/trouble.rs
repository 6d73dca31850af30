//! Whatever can go wrong with processes and vendors.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use local_stack::leftover;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use prove::failpoints;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::points::Points;
use super::rest;
use crate::system::System;

/// Whom it can hit. The sandbox is spared: a vendor that forgets everything is none.
const EVERYBODY: [&str; 11] = [
    "orders",
    "payments",
    "inventory",
    "notifications",
    "catalog",
    "cart",
    "auth",
    "gateway",
    "postgres",
    "redis",
    "rabbitmq",
];

/// Between two blows, in milliseconds.
const PAUSE: std::ops::Range<u64> = 800..3_000;

/// The one who does it.
pub struct Trouble {
    system: Arc<System>,
    points: Arc<Points>,
    dice: Xoshiro256PlusPlus,
}

/// What it did.
#[derive(Debug, Default)]
pub struct Toll {
    killed: usize,
    died_at: Vec<&'static str>,
}

impl fmt::Display for Toll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { killed, died_at } = self;
        write!(f, "{killed} were killed, and {} died at: ", died_at.len())?;
        f.write_str(&died_at.join(", "))
    }
}

impl Trouble {
    /// What it does follows from the seed.
    pub fn new(system: &Arc<System>, points: &Arc<Points>, seed: u64) -> Self {
        Self {
            system: Arc::clone(system),
            points: Arc::clone(points),
            dice: Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(31)),
        }
    }

    /// Kills one after the other, all of them before any twice, arms a failpoint before each, and has the vendors misbehave.
    pub fn rage(mut self, until: Instant) -> Toll {
        let mut toll = Toll::default();
        let mut armed: Vec<&'static str> = Vec::new();
        loop {
            let mut victims = EVERYBODY;
            victims.shuffle(&mut self.dice);
            for victim in victims {
                if Instant::now() >= until {
                    for point in armed {
                        self.points.disarm(point);
                    }
                    return toll;
                }
                self.confuse_vendors();
                let point = failpoints::ALL[self.dice.random_range(0..failpoints::ALL.len())].name;
                if !armed.contains(&point) {
                    self.points.arm(point);
                    armed.push(point);
                }
                toll.killed += usize::from(self.strike(victim));
                thread::sleep(Duration::from_millis(self.dice.random_range(PAUSE)));
                let (waiting, reached) =
                    armed.into_iter().partition(|one| self.points.is_armed(one));
                armed = waiting;
                toll.died_at.extend::<Vec<_>>(reached);
            }
        }
    }

    /// Answers whether there was somebody to kill: the one before may still be coming back.
    fn strike(&self, victim: &str) -> bool {
        let of_file = |name: &str| {
            let pid = leftover::running(&self.system.state().join(name))?;
            i32::try_from(pid).ok()
        };
        if victim == "redis" {
            self.empty_redis();
        }
        let pid = match victim {
            "postgres" => of_file("postgres/postgres.pid"),
            "redis" => of_file("redis/redis.pid"),
            "rabbitmq" => of_file("rabbitmq/rabbitmq.pid"),
            service => self.system.pid_of(service),
        };
        pid.is_some_and(|pid| kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok())
    }

    /// Redis forgets everything, before it dies.
    fn empty_redis(&self) {
        let url = self.system.json("urls.json")["infrastructure"]["redis"].clone();
        let emptied = redis::Client::open(url.as_str().unwrap())
            .and_then(|client| client.get_connection())
            .and_then(|mut connection| redis::cmd("FLUSHALL").exec(&mut connection));
        if let Err(error) = emptied {
            eprintln!("redis could not be emptied, and is killed only: {error}");
        }
    }

    /// The faults that hold until the next blow.
    fn confuse_vendors(&mut self) {
        let faults = [
            json!({ "paystack": { "initialize": { "dropAfterExecute": true, "times": 2 } } }),
            json!({ "paystack": { "verify": { "status": 502, "times": 3 }, "webhook": { "duplicateWebhooks": 2 } } }),
            json!({ "paystack": { "webhook": { "dropWebhooks": true, "times": 3 } } }),
            json!({ "paystack": { "verify": { "hang": true, "times": 1 }, "webhook": { "reorderWebhooks": true } } }),
            json!({ "paystack": { "refund": { "dropAfterExecute": true, "times": 2 } } }),
            json!({ "resend": { "send": { "dropAfterExecute": true, "times": 2 }, "webhook": { "duplicateWebhooks": 1 } } }),
            json!({ "paystack": { "complete": { "amountDelta": -100, "times": 1 } } }),
        ];
        let which = self.dice.random_range(0..faults.len());
        self.put_faults(&faults[which]);
    }

    fn put_faults(&self, faults: &Value) {
        let putting = rest::put_faults(&self.system, faults);
        tokio::runtime::Handle::current().block_on(putting);
    }
}
