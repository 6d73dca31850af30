//! Processes that are replaced or killed while clients keep asking.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::system::{System, wait_for};

/// Clients that ask without a pause until stopped.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    fn start(url: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicUsize::new(0));
        let clients = [
            Connections::Fresh,
            Connections::Fresh,
            Connections::Kept,
            Connections::Kept,
        ]
        .into_iter()
        .map(|connections| {
            let (url, stop, answered) = (url.to_owned(), stop.clone(), answered.clone());
            tokio::spawn(ask_until(url, connections, stop, answered))
        })
        .collect();
        Self {
            stop,
            answered,
            clients,
        }
    }

    /// Lets a few more requests pass.
    async fn go_on(&self) {
        let target = self.answered.load(Ordering::Relaxed) + 50;
        while self.answered.load(Ordering::Relaxed) < target {
            assert!(self.clients.iter().all(|client| !client.is_finished()));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stops, and says what went wrong.
    async fn failures(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut failures = Vec::new();
        for client in self.clients {
            failures.extend(client.await.unwrap());
        }
        failures
    }
}

/// How a client connects.
#[derive(Clone, Copy, PartialEq)]
enum Connections {
    /// Anew for each request: none may be refused or dropped.
    Fresh,
    /// Kept between requests. A server may close one just as a request is on its way, and the client then asks once
    /// more, as RFC 9112 §9.3.1 lets it for a method that changes nothing.
    Kept,
}

async fn ask_until(
    url: String,
    connections: Connections,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
) -> Vec<String> {
    let client = crate::shop::client();
    let ask = || async {
        let mut request = client.get(&url);
        if connections == Connections::Fresh {
            request = request.header("Connection", "close");
        }
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(response.status().to_string()),
            Err(error) => Err(format!("{error:?}")),
        }
    };
    let mut failures = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let mut outcome = ask().await;
        let closed = |why: &String| why.contains("IncompleteMessage");
        if connections == Connections::Kept && outcome.as_ref().is_err_and(closed) {
            outcome = ask().await;
        }
        failures.extend(outcome.err());
        answered.fetch_add(1, Ordering::Relaxed);
    }
    failures
}

// The clients have threads of their own: the test's blocks while it waits for a command to end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replacing_services_under_load_fails_no_request() {
    let system = System::start(&[]);
    // Answered by auth, through the gateway: both are on the way of every request.
    let load = Load::start(&system.url("gateway", "/.well-known/jwks.json"));
    load.go_on().await;
    for service in ["auth", "gateway"] {
        let before = system.pid_of(service).unwrap();
        let output = system.run(&["restart", service]);
        assert!(output.status.success(), "{output:?}");
        load.go_on().await;
        wait_for("the old process's end", Duration::from_secs(40), || {
            kill(Pid::from_raw(before), None).is_err()
        });
        assert_ne!(system.pid_of(service).unwrap(), before);
    }
    assert_eq!(load.failures().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_killed_service_and_a_killed_database_come_back() {
    let system = System::start(&[]);
    let url = system.url("gateway", "/.well-known/jwks.json");
    let before = system.pid_of("auth").unwrap();
    kill(Pid::from_raw(before), Signal::SIGKILL).unwrap();
    wait_for("a new process", Duration::from_secs(10), || {
        system.pid_of("auth").is_some_and(|pid| pid != before)
    });
    expect_ok(&url).await;

    let pid_file = system.state().join("postgres/postgres.pid");
    let database = local_stack::leftover::running(&pid_file).unwrap();
    kill(Pid::from_raw(database.try_into().unwrap()), Signal::SIGKILL).unwrap();
    wait_for("a new database server", Duration::from_secs(20), || {
        local_stack::leftover::running(&pid_file).is_some_and(|pid| pid != database)
    });
    expect_ok(&system.url("auth", "/.well-known/jwks.json")).await;
}

async fn expect_ok(url: &str) {
    let client = crate::shop::client();
    for _ in 0..200 {
        if client
            .get(url)
            .send()
            .await
            .is_ok_and(|response| response.status().is_success())
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{url} does not answer again");
}
