//! Whatever can go wrong with processes and vendors.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use local_stack::leftover;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::system::System;

/// Whom it can hit. The sandbox is spared: a vendor that forgets everything is none.
const VICTIMS: [&str; 11] = [
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
const PAUSE: std::ops::Range<u64> = 800..2_400;

/// The one who does it.
pub struct Trouble {
    system: Arc<System>,
    dice: Xoshiro256PlusPlus,
}

impl Trouble {
    /// What it does follows from the seed.
    pub fn new(system: &Arc<System>, seed: u64) -> Self {
        Self {
            system: Arc::clone(system),
            dice: Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(31)),
        }
    }

    /// Kills one after the other, all of them before any twice, and has the vendors misbehave; answers how many.
    pub fn rage(mut self, until: Instant) -> usize {
        let mut killed = 0;
        loop {
            let mut victims = VICTIMS;
            victims.shuffle(&mut self.dice);
            for victim in victims {
                if Instant::now() >= until {
                    return killed;
                }
                self.confuse_vendors();
                killed += usize::from(self.strike(victim));
                thread::sleep(Duration::from_millis(self.dice.random_range(PAUSE)));
            }
        }
    }

    /// Answers whether there was somebody to kill: the one before may still be coming back.
    fn strike(&self, victim: &str) -> bool {
        let of_file = |name: &str| {
            let pid = leftover::running(&self.system.state().join(name))?;
            i32::try_from(pid).ok()
        };
        let pid = match victim {
            "postgres" => of_file("postgres/postgres.pid"),
            "redis" => of_file("redis/redis.pid"),
            "rabbitmq" => of_file("rabbitmq/rabbitmq.pid"),
            service => self.system.pid_of(service),
        };
        pid.is_some_and(|pid| kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok())
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
        let url = self.system.url("sandbox", "/_sandbox/faults");
        let putting = async {
            let answer = crate::shop::client().put(url).json(faults).send().await;
            let answer = answer.unwrap();
            assert!(answer.status().is_success(), "{answer:?}");
        };
        tokio::runtime::Handle::current().block_on(putting);
    }
}
