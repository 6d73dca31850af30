//! Visitors for measuring under faults: each looks around, buys something, and asks again for what is not answered.
//!
//! `visitors <gateway> <sandbox> <tokens file> <items file> <notes file> <first> <count> visit|pay closed:<at a time>|open:<per second>`
//!
//! `visit` reads lists, searches, fills a cart and empties it, orders, pays, and looks at the order until it is `processing`.
//! `pay` only orders and pays. Every other request goes over a connection of its own, the others over kept ones.
//!
//! An attempt has failed that no server answered, or one with a 5xx. It is noted and made again with the same idempotency key, as
//! somebody does who wants the thing. A visitor who gets nowhere in [`PATIENCE`] is stuck. One line of JSON is printed, and the
//! notes file has a line for each thing that happened, with the Unix time in milliseconds: `failed <when> <what> <why>`,
//! `ordered <when> <order>`, `paid <when> <order>`, `processing <when> <order> <when it was paid>`.

mod storefront;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use common::Clock as _;
use common::clock::SystemClock;
use reqwest::{Client, Method, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};
use storefront::{LOOK_EVERY, LOOK_FIRST, Pace, Storefront, send, text};
use tokio::time::{Instant, sleep, sleep_until};

/// More than the minute after which everything that was paid has to be processing, so that it can be seen to take longer.
const PATIENCE: Duration = Duration::from_secs(150);
/// Between an attempt that failed and the next: it tells how finely the end of an outage is seen.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// Visitors that can be there at once where they come at a fixed rate: 20 a second during half a minute's outage.
const OPEN_AT_A_TIME: usize = 600;
/// Pages of products that are looked at in turn.
const PAGES: usize = 50;

struct Plan {
    shop: Storefront,
    fresh: Client,
    notes: String,
    first: usize,
    count: usize,
    is_visiting: bool,
    pace: Pace,
    next: AtomicUsize,
    start: Instant,
}

/// What a visitor saw.
#[derive(Default)]
struct Seen {
    requests: usize,
    writes: usize,
    done: usize,
    failed: usize,
    /// Told that there is not enough of something.
    refused: usize,
    /// Told to come more slowly.
    limited: usize,
    stuck: Vec<String>,
    notes: Vec<String>,
}

struct Visitor<'a> {
    plan: &'a Plan,
    token: &'a str,
    item: &'a Value,
    seen: &'a mut Seen,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    common::crypto::install_providers();
    let plan = Arc::new(plan()?);
    let visitors: Vec<_> = (0..plan.pace.at_a_time(OPEN_AT_A_TIME))
        .map(|_| tokio::spawn(receive(Arc::clone(&plan))))
        .collect();
    let mut all = Seen::default();
    for visitor in visitors {
        let seen = visitor.await?;
        all.requests += seen.requests;
        all.writes += seen.writes;
        all.done += seen.done;
        all.failed += seen.failed;
        all.refused += seen.refused;
        all.limited += seen.limited;
        all.stuck.extend(seen.stuck);
        all.notes.extend(seen.notes);
    }
    report(&plan, &all)
}

fn plan() -> Result<Plan> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [
        gateway,
        sandbox,
        tokens,
        items,
        notes,
        first,
        count,
        what,
        pace,
    ] = arguments.as_slice()
    else {
        bail!("usage: see the head of this program");
    };
    Ok(Plan {
        shop: Storefront::open(gateway, sandbox, tokens, items)?,
        fresh: common::client::http_client()?,
        notes: notes.clone(),
        first: first.parse()?,
        count: count.parse()?,
        is_visiting: what == "visit",
        pace: Pace::parse(pace)?,
        next: AtomicUsize::new(0),
        start: Instant::now() + Duration::from_millis(100),
    })
}

async fn receive(plan: Arc<Plan>) -> Seen {
    let mut seen = Seen::default();
    loop {
        let number = plan.next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.count {
            return seen;
        }
        sleep_until(plan.pace.due(plan.start, number)).await;
        match visit(&plan, plan.first + number, &mut seen).await {
            Ok(()) => seen.done += 1,
            Err(error) => seen.stuck.push(format!("{error:#}")),
        }
    }
}

async fn visit(plan: &Plan, turn: usize, seen: &mut Seen) -> Result<()> {
    let (token, item) = plan.shop.turn(turn)?;
    let mut visitor = Visitor {
        plan,
        token,
        item,
        seen,
    };
    if !plan.is_visiting {
        visitor.buy().await?;
        return Ok(());
    }
    visitor.look_around(turn).await?;
    let (order, paid) = visitor.buy().await?;
    visitor.until_processing(&order, paid).await?;
    visitor.read("orders", "/orders").await?;
    visitor.read("categories", "/categories").await
}

impl Visitor<'_> {
    async fn look_around(&mut self, turn: usize) -> Result<()> {
        let page = turn % PAGES + 1;
        let product = text(self.item, "/productId")?.to_owned();
        self.read("list", &format!("/products?limit=20&page={page}"))
            .await?;
        self.read("product", &format!("/products/{product}"))
            .await?;
        self.read("search", "/products/search?q=royal+dress")
            .await?;
        let shop = &self.plan.shop;
        let adding = shop.post(self.token, "/cart/items", self.item);
        self.ask("add to cart", adding).await?;
        self.read("cart", "/cart").await?;
        let clearing = shop.request(Method::DELETE, self.token, "/cart");
        self.ask("clear cart", clearing).await?;
        Ok(())
    }

    /// Answers which order it is and when it was paid.
    async fn buy(&mut self) -> Result<(String, i64)> {
        let shop = &self.plan.shop;
        let placing = shop.place_order(self.token, self.item);
        let placed = self.ask("order", placing).await?;
        let order = text(&placed, "/data/order/id")?;
        self.note(&format!("ordered {} {order}", now_ms()));
        let begun = self.ask("initialize", shop.initialize(self.token, order));
        let begun = begun.await?;
        // The vendor is no part of the shop: what it is asked counts nowhere.
        let (status, answer) = send(shop.complete(text(&begun, "/data/reference")?)).await?;
        ensure!(status == StatusCode::OK, "paying: {status} {answer}");
        let paid = now_ms();
        self.note(&format!("paid {paid} {order}"));
        Ok((order.to_owned(), paid))
    }

    async fn until_processing(&mut self, order: &str, paid: i64) -> Result<()> {
        let begun = Instant::now();
        let mut pause = LOOK_FIRST;
        loop {
            sleep(pause).await;
            pause = (pause * 2).min(LOOK_EVERY);
            let looking = self.plan.shop.get_order(self.token, order);
            let answer = self.ask("look", looking).await?;
            let status = text(&answer, "/data/order/status")?;
            if status == "processing" {
                self.note(&format!("processing {} {order} {paid}", now_ms()));
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "order {order} stays {status}");
        }
    }

    async fn read(&mut self, what: &str, path: &str) -> Result<()> {
        let reading = self.plan.shop.request(Method::GET, self.token, path);
        self.ask(what, reading).await?;
        Ok(())
    }

    /// Asks until there is an answer.
    async fn ask(&mut self, what: &str, request: RequestBuilder) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let attempt = request.try_clone().context("a body that is read once")?;
            if let Some(answer) = self.attempt(what, attempt).await? {
                return Ok(answer);
            }
            ensure!(begun.elapsed() < PATIENCE, "{what}: no answer");
            sleep(AGAIN_AFTER).await;
        }
    }

    /// Nothing if it is worth asking again.
    async fn attempt(&mut self, what: &str, request: RequestBuilder) -> Result<Option<Value>> {
        let (client, request) = request.build_split();
        let mut request = request?;
        self.seen.requests += 1;
        self.seen.writes += usize::from(request.method() != Method::GET);
        let client = if self.seen.requests.is_multiple_of(2) {
            let close = header::HeaderValue::from_static("close");
            request.headers_mut().insert(header::CONNECTION, close);
            self.plan.fresh.clone()
        } else {
            client
        };
        let (status, answer) = match send(RequestBuilder::from_parts(client, request)).await {
            Ok(answered) => answered,
            Err(error) => {
                self.failed(what, &format!("{error:#}"));
                return Ok(None);
            }
        };
        match (status, text(&answer, "/code").unwrap_or_default()) {
            (status, _) if status.is_success() => return Ok(Some(answer)),
            (status, code) if status.is_server_error() => {
                let why = text(&answer, "/message").unwrap_or_default();
                self.failed(what, &format!("{status} {code} {why}"));
            }
            (StatusCode::TOO_MANY_REQUESTS, _) => self.seen.limited += 1,
            // The attempt that was lost may be going on.
            (StatusCode::CONFLICT, "IDEMPOTENCY_IN_PROGRESS") => {}
            (StatusCode::CONFLICT, "INSUFFICIENT_STOCK") => {
                self.seen.refused += 1;
                bail!("{what}: there is not enough");
            }
            _ => bail!("{what}: {status} {answer}"),
        }
        Ok(None)
    }

    fn failed(&mut self, what: &str, why: &str) {
        self.seen.failed += 1;
        self.note(&format!("failed {} {what}: {why}", now_ms()));
    }

    fn note(&mut self, line: &str) {
        self.seen.notes.push(line.to_owned());
    }
}

fn now_ms() -> i64 {
    SystemClock.now().timestamp_millis()
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is what this program is for"
)]
fn report(plan: &Plan, all: &Seen) -> Result<()> {
    for stuck in all.stuck.iter().take(3) {
        eprintln!("visitors: {stuck}");
    }
    let mut notes = all.notes.join("\n");
    notes.push('\n');
    std::fs::write(&plan.notes, notes).with_context(|| plan.notes.clone())?;
    let report = json!({
        "requests": all.requests, "writes": all.writes, "done": all.done, "failed": all.failed,
        "refused": all.refused, "limited": all.limited, "stuck": all.stuck.len(),
    });
    println!("{report}");
    Ok(())
}
