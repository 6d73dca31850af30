//! An open-loop load generator: requests leave at a fixed rate whether or not earlier ones were answered, and each is
//! timed from the moment it was due. (A generator that waits for answers measures less load the slower the server is.)
//!
//! `load <host:port> <path> <requests per second> <seconds> [token file]` prints one line of JSON.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// Requests that can be on their way at once; more only wait here, and their waiting is measured.
const CONNECTIONS: usize = 64;

struct Plan {
    address: String,
    request: Vec<u8>,
    start: Instant,
    interval: Duration,
    count: u32,
    next: AtomicU32,
}

#[derive(Default)]
struct Tally {
    latencies: Vec<Duration>,
    failures: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, rate, seconds, token @ ..] = arguments.as_slice() else {
        return Err("usage: load <host:port> <path> <rate> <seconds> [token file]".into());
    };
    let rate: f64 = rate.parse()?;
    let interval = Duration::from_secs_f64(1.0 / rate);
    let seconds: u64 = seconds.parse()?;
    let count = u32::try_from(Duration::from_secs(seconds).as_nanos() / interval.as_nanos())?;
    let authorization = match token.first() {
        Some(file) => format!(
            "Authorization: Bearer {}\r\n",
            std::fs::read_to_string(file)?.trim()
        ),
        None => String::new(),
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{authorization}\r\n");
    let plan = Arc::new(Plan {
        address: address.clone(),
        request: request.into_bytes(),
        start: Instant::now() + Duration::from_millis(100),
        interval,
        count,
        next: AtomicU32::new(0),
    });
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(send(Arc::clone(&plan))))
        .collect();
    let mut all = Tally::default();
    for sender in senders {
        let tally = sender.await?;
        all.latencies.extend(tally.latencies);
        all.failures += tally.failures;
    }
    report(&mut all, plan.start.elapsed());
    Ok(())
}

async fn send(plan: Arc<Plan>) -> Tally {
    let mut tally = Tally::default();
    let mut connection = None;
    loop {
        let number = plan.next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.count {
            return tally;
        }
        let due = plan.start + plan.interval * number;
        sleep_until(due).await;
        match exchange(&plan, &mut connection).await {
            Ok(()) => tally.latencies.push(due.elapsed()),
            Err(_) => {
                connection = None;
                tally.failures += 1;
            }
        }
    }
}

/// Sends the request and reads its answer to the last byte; anything but 200 is a failure.
async fn exchange(plan: &Plan, connection: &mut Option<TcpStream>) -> Result<(), Box<dyn Error>> {
    let socket = match connection {
        Some(socket) => socket,
        None => {
            let socket = TcpStream::connect(&plan.address).await?;
            socket.set_nodelay(true)?;
            connection.insert(socket)
        }
    };
    socket.write_all(&plan.request).await?;
    let mut buffer = Vec::with_capacity(8 * 1024);
    loop {
        if socket.read_buf(&mut buffer).await? == 0 {
            return Err("the connection ended".into());
        }
        let Some(head) = find(&buffer, b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(buffer.get(..head).unwrap_or_default())?;
        if !text.starts_with("HTTP/1.1 200") {
            return Err(text.lines().next().unwrap_or_default().into());
        }
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.ok_or("no content-length")?.parse()?;
        if buffer.len() >= head + 4 + length {
            return Ok(());
        }
    }
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len())
        .position(|window| window == needle)
}

#[expect(
    clippy::print_stdout,
    reason = "the report is what this program is for"
)]
fn report(all: &mut Tally, took: Duration) {
    all.latencies.sort_unstable();
    let millis = |percent: usize| {
        let at = all.latencies.len() * percent / 100;
        let latency = all
            .latencies
            .get(at.min(all.latencies.len().saturating_sub(1)));
        latency.map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    };
    println!(
        r#"{{"answered":{},"failed":{},"seconds":{:.1},"p50_ms":{:.2},"p99_ms":{:.2},"max_ms":{:.2}}}"#,
        all.latencies.len(),
        all.failures,
        took.as_secs_f64(),
        millis(50),
        millis(99),
        millis(100),
    );
}
