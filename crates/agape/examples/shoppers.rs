//! Shoppers for measuring: each orders something with an account of their own, and may pay for it.
//!
//! `shoppers <gateway> <sandbox> <tokens file> <items file> <first> <count> buy|order closed:<at a time>|open:<per second>`
//!
//! `buy` goes on to the end: order, begin to pay, the vendor's customer pays, and the order is looked at until it is
//! `processing`. `order` only orders, and counts who was told that there is not enough. Closed, the next one comes when another
//! has finished; open, they come at a fixed rate whoever is waiting. One line of JSON is printed; times are in milliseconds.

mod storefront;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use reqwest::StatusCode;
use serde_json::json;
use storefront::{LOOK_EVERY, LOOK_FIRST, Pace, Storefront, send, text};
use tokio::time::{Instant, sleep, sleep_until};

/// After that it is a failure.
const PATIENCE: Duration = Duration::from_secs(60);
/// Requests that can be on their way at once where shoppers come at a fixed rate.
const OPEN_AT_A_TIME: usize = 256;

struct Plan {
    shop: Storefront,
    first: usize,
    count: usize,
    is_paying: bool,
    pace: Pace,
    next: AtomicUsize,
    start: Instant,
}

#[derive(Default)]
struct Tally {
    order: Vec<Duration>,
    initialize: Vec<Duration>,
    settle: Vec<Duration>,
    done: usize,
    refused: usize,
    failures: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    common::crypto::install_providers();
    let plan = Arc::new(plan()?);
    let shoppers: Vec<_> = (0..plan.pace.at_a_time(OPEN_AT_A_TIME))
        .map(|_| tokio::spawn(shop(Arc::clone(&plan))))
        .collect();
    let mut all = Tally::default();
    for shopper in shoppers {
        let tally = shopper.await?;
        all.order.extend(tally.order);
        all.initialize.extend(tally.initialize);
        all.settle.extend(tally.settle);
        all.done += tally.done;
        all.refused += tally.refused;
        all.failures.extend(tally.failures);
    }
    report(all, plan.start.elapsed());
    Ok(())
}

fn plan() -> Result<Plan> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [gateway, sandbox, tokens, items, first, count, what, pace] = arguments.as_slice() else {
        bail!("usage: see the head of this program");
    };
    Ok(Plan {
        shop: Storefront::open(gateway, sandbox, tokens, items)?,
        first: first.parse()?,
        count: count.parse()?,
        is_paying: what == "buy",
        pace: Pace::parse(pace)?,
        next: AtomicUsize::new(0),
        start: Instant::now() + Duration::from_millis(100),
    })
}

async fn shop(plan: Arc<Plan>) -> Tally {
    let mut tally = Tally::default();
    loop {
        let number = plan.next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.count {
            return tally;
        }
        let due = plan.pace.due(plan.start, number);
        sleep_until(due).await;
        if let Err(error) = purchase(&plan, number, due, &mut tally).await {
            tally.failures.push(format!("{error:#}"));
        }
    }
}

async fn purchase(plan: &Plan, number: usize, due: Instant, tally: &mut Tally) -> Result<()> {
    let (token, item) = plan.shop.turn(plan.first + number)?;
    let (status, answer) = send(plan.shop.place_order(token, item)).await?;
    tally.order.push(due.elapsed());
    if status == StatusCode::CONFLICT && text(&answer, "/code")? == "INSUFFICIENT_STOCK" {
        tally.refused += 1;
        return Ok(());
    }
    ensure!(status == StatusCode::CREATED, "order: {status} {answer}");
    if !plan.is_paying {
        tally.done += 1;
        return Ok(());
    }
    let order = text(&answer, "/data/order/id")?;
    let begun = Instant::now();
    let (status, answer) = send(plan.shop.initialize(token, order)).await?;
    tally.initialize.push(begun.elapsed());
    ensure!(status == StatusCode::OK, "initialize: {status} {answer}");
    let reference = text(&answer, "/data/reference")?;
    let begun = Instant::now();
    let (status, answer) = send(plan.shop.complete(reference)).await?;
    ensure!(status == StatusCode::OK, "paying: {status} {answer}");
    until_processing(plan, token, order).await?;
    tally.settle.push(begun.elapsed());
    tally.done += 1;
    Ok(())
}

async fn until_processing(plan: &Plan, token: &str, order: &str) -> Result<()> {
    let begun = Instant::now();
    let mut pause = LOOK_FIRST;
    loop {
        sleep(pause).await;
        pause = (pause * 2).min(LOOK_EVERY);
        let (status, answer) = send(plan.shop.get_order(token, order)).await?;
        ensure!(status == StatusCode::OK, "look: {status} {answer}");
        let now = text(&answer, "/data/order/status")?;
        if now == "processing" {
            return Ok(());
        }
        ensure!(begun.elapsed() < PATIENCE, "order {order} stays {now}");
    }
}

fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is what this program is for"
)]
fn report(mut all: Tally, took: Duration) {
    for failure in all.failures.iter().take(3) {
        eprintln!("shoppers: {failure}");
    }
    let done = f64::from(u32::try_from(all.done).unwrap_or(u32::MAX));
    let report = json!({
        "done": all.done, "refused": all.refused, "failed": all.failures.len(), "seconds": took.as_secs_f64(),
        "per_s": done / took.as_secs_f64(),
        "order_p50": percentile(&mut all.order, 50), "order_p99": percentile(&mut all.order, 99),
        "initialize_p50": percentile(&mut all.initialize, 50), "initialize_p99": percentile(&mut all.initialize, 99),
        "settle_p50": percentile(&mut all.settle, 50), "settle_p99": percentile(&mut all.settle, 99),
    });
    println!("{report}");
}
