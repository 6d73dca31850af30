//! The sale as a machine without a network: the real rules of orders, inventory and payments, driven by dice through lost,
//! doubled and reordered messages, crashes between transactions, late and differing payments, and clocks that jump.
//!
//! What the services do in one transaction is one call here, so a crash can only fall between two of them. Messages arrive at
//! least once, as the broker promises. After each schedule everything that is under way arrives, and then the laws must hold.
//! A schedule is its seed: the same seed gives the same story.

mod bug;
mod inventory;
mod laws;
mod network;
mod orders;
mod payments;
mod provider;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

pub use bug::Bug;
use world::World;

/// Schedules that a thread takes at a time.
const SHARE: u64 = 512;

/// What is to be tried.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The first schedule's seed; the others follow.
    pub seed: u64,
    /// How many schedules.
    pub schedules: u64,
    /// On how many threads.
    pub threads: usize,
    /// A mistake that is made on purpose.
    pub bug: Option<Bug>,
}

/// How orders ended, so that one sees what the schedules have reached.
pub type Ends = BTreeMap<&'static str, u64>;

/// A schedule after which something is wrong.
#[derive(Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// After how many steps nothing more needs to happen for it.
    pub steps: u32,
    /// What is wrong.
    pub why: String,
    /// What happened.
    pub story: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.story {
            writeln!(f, "  {line}")?;
        }
        write!(
            f,
            "seed {}, after {} steps: {}",
            self.seed, self.steps, self.why
        )
    }
}

/// Tries schedules until one fails.
///
/// # Errors
/// One failed; it is as short as its beginning allows.
pub fn run(plan: &Plan) -> Result<Ends, Box<Failure>> {
    let taken = AtomicU64::new(0);
    let failed: Mutex<Option<u64>> = Mutex::new(None);
    let ends = Mutex::new(Ends::new());
    thread::scope(|scope| {
        for _ in 0..plan.threads.max(1) {
            scope.spawn(|| work(plan, &taken, &failed, &ends));
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(seed) => Err(Box::new(shorten(seed, plan.bug))),
        None => Ok(ends.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

fn work(plan: &Plan, taken: &AtomicU64, failed: &Mutex<Option<u64>>, ends: &Mutex<Ends>) {
    let mut mine = Ends::new();
    loop {
        let first = taken.fetch_add(SHARE, Ordering::Relaxed);
        if first >= plan.schedules {
            break;
        }
        for number in first..(first + SHARE).min(plan.schedules) {
            let seed = plan.seed.wrapping_add(number);
            if play(World::new(seed, plan.bug), None, &mut mine).is_err() {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(seed);
                taken.store(plan.schedules, Ordering::Relaxed);
                break;
            }
        }
    }
    let mut ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
    for (end, count) in mine {
        *ends.entry(end).or_default() += count;
    }
}

/// Plays one schedule, or only so many steps of it.
fn play(
    mut world: World,
    steps: Option<u32>,
    ends: &mut Ends,
) -> Result<(), (String, Vec<String>)> {
    let whole = world.length();
    let outcome = play_steps(&mut world, steps.unwrap_or(whole));
    if let Err(why) = outcome {
        return Err((why, world.story.take().unwrap_or_default()));
    }
    for order in world.orders.all.values() {
        *ends.entry(order.stage.status.name()).or_default() += 1;
    }
    Ok(())
}

fn play_steps(world: &mut World, steps: u32) -> Result<(), String> {
    for _ in 0..steps {
        world.step()?;
        world.check_always()?;
    }
    world.come_to_rest()?;
    world.check_end()
}

/// The fewest steps of a schedule after which something is wrong, with its story.
fn shorten(seed: u64, bug: Option<Bug>) -> Failure {
    let longest = World::new(seed, bug).length();
    let mut last = (String::from("it did not happen again"), Vec::new());
    for steps in 0..=longest {
        let mut world = World::new(seed, bug);
        world.story = Some(Vec::new());
        if let Err((why, story)) = play(world, Some(steps), &mut Ends::new()) {
            return Failure {
                seed,
                steps,
                why,
                story,
            };
        }
        last.1.clear();
    }
    Failure {
        seed,
        steps: longest,
        why: last.0,
        story: last.1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan {
        seed: 1,
        schedules: 20_000,
        threads: 2,
        bug: None,
    };

    #[test]
    fn nothing_is_lost_or_doubled_and_every_end_is_reached() {
        let ends = run(&PLAN).unwrap_or_else(|failure| panic!("{failure}"));
        for end in [
            "processing",
            "shipped",
            "delivered",
            "cancelled",
            "expired",
            "refunded",
        ] {
            assert!(
                ends.get(end).is_some_and(|count| *count > 20),
                "{end}: {ends:?}"
            );
        }
    }

    #[test]
    fn every_mistake_is_found_and_found_again_from_its_seed() {
        for bug in Bug::ALL {
            let plan = Plan {
                bug: Some(bug),
                ..PLAN
            };
            let Err(found) = run(&plan) else {
                panic!("nobody noticed {bug:?}")
            };
            let again = Plan {
                seed: found.seed,
                schedules: 1,
                ..plan
            };
            let again = run(&again).expect_err("the same seed gives the same story");
            assert_eq!(
                (found.steps, &found.why),
                (again.steps, &again.why),
                "{bug:?}"
            );
        }
    }
}
