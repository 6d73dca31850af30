//! What only shows while it runs: ports, servers, roles, migrations, services.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use local_stack::leftover;
use url::Url;

use super::{Finding, Verdict};
use crate::environment::{Environment, Role};
use crate::infrastructure::Urls;
use crate::lock::{self, Locked};
use crate::supervisor::sockets::{Place, owner_of};
use crate::tree::Tree;
use crate::{bootstrap, commands, environment, services};

const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let is_running = tree.state().is_dir() && matches!(lock::try_lock(tree)?, Locked::ByOther(_));
    if !is_running {
        let mut findings = vec![Finding::new(
            "this tree",
            Verdict::Note("nothing runs; `make up` starts it".to_owned()),
        )];
        findings.extend(free_ports()?);
        return Ok(findings);
    }
    let urls = match commands::running(tree) {
        Ok(urls) => urls,
        Err(error) => {
            let text = format!("{error:#}; it is starting, or run `make down` and `make up`");
            return Ok(vec![Finding::new("this tree", Verdict::Broken(text))]);
        }
    };
    let mut findings = servers(tree, &urls).await;
    findings.extend(roles(tree, &urls).await?);
    findings.extend(running_services()?);
    Ok(findings)
}

/// Each port that `agape up` would take.
fn free_ports() -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for deployed in services::processes() {
        let service = deployed.service;
        for place in [
            environment::http_place(service)?,
            environment::ops_place(service)?,
        ] {
            let what = format!("port {} ({})", place.port.number, service.name);
            findings.push(Finding::new(what, is_free(&place)));
        }
    }
    Ok(findings)
}

fn is_free(Place { host, port }: &Place) -> Verdict {
    match std::net::TcpListener::bind((*host, port.number)) {
        Ok(_) => Verdict::Fine("free".to_owned()),
        Err(error) => {
            let owner = owner_of(port.number).unwrap_or_else(|| error.to_string());
            Verdict::Broken(format!(
                "taken: {owner}; choose another with {}",
                port.variable
            ))
        }
    }
}

async fn servers(tree: &Tree, urls: &Urls) -> Vec<Finding> {
    let restart = "`agape up` starts it again; see its log below .agape/";
    let redis = first_bytes(&urls.redis, 6379, b"PING\r\n").and_then(|answer| {
        // A Redis that wants a password is up, too.
        ensure!(
            answer.starts_with(b"+") || answer.starts_with(b"-NOAUTH"),
            "it answers strangely"
        );
        Ok("answers")
    });
    vec![
        Finding::from_result(
            "PostgreSQL",
            bootstrap::server_version(&urls.postgres).await,
            restart,
        ),
        Finding::from_result("Redis", redis, restart),
        broker(tree, urls, restart),
    ]
}

fn broker(tree: &Tree, urls: &Urls, remedy: &str) -> Finding {
    let answer = first_bytes(&urls.amqp, 5672, b"AMQP\0\0\x09\x01").and_then(|answer| {
        ensure!(answer.first() == Some(&1), "it does not speak AMQP 0-9-1");
        Ok("answers")
    });
    // It takes some seconds, during which nothing is wrong.
    let pid_file = tree.state().join("rabbitmq").join("rabbitmq.pid");
    if answer.is_err() && leftover::running(&pid_file).is_some() {
        return Finding::new("RabbitMQ", Verdict::Note("is starting".to_owned()));
    }
    Finding::from_result("RabbitMQ", answer, remedy)
}

async fn roles(tree: &Tree, urls: &Urls) -> Result<Vec<Finding>> {
    let environment = Environment::of(tree, urls)?;
    let mut findings = Vec::new();
    for deployed in services::with_database() {
        let name = deployed.service.name;
        for role in [Role::Owner, Role::Runtime] {
            let url = environment.role_url(name, role)?;
            let checked = bootstrap::check_role(&url, name)
                .await
                .map(|()| "can log in");
            let what = format!("database role {}", role.name(name));
            findings.push(Finding::from_result(what, checked, "run `agape bootstrap`"));
        }
    }
    Ok(findings)
}

/// What each service says about itself; pending migrations show here.
fn running_services() -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for deployed in services::processes() {
        let service = deployed.service;
        let url = environment::ops_url(service)?;
        let remedy = format!("see .agape/logs/{}.log", service.name);
        let answer = ready(&url);
        findings.push(Finding::from_result(
            format!("service {}", service.name),
            answer,
            &remedy,
        ));
    }
    Ok(findings)
}

fn ready(ops_url: &str) -> Result<String> {
    let request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = first_bytes(ops_url, 80, request)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("it answers strangely")?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("it is not ready: {}", body.trim());
    }
    Ok("ready".to_owned())
}

/// Sends `question` to the URL's host and reads what comes back, up to 16 KB.
fn first_bytes(url: &str, default_port: u16, question: &[u8]) -> Result<Vec<u8>> {
    let url = Url::parse(url).context("the URL is not valid")?;
    let host = url.host_str().context("the URL has no host")?;
    let port = url.port().unwrap_or(default_port);
    let address = (host, port)
        .to_socket_addrs()?
        .next()
        .context("the host has no address")?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)
        .with_context(|| format!("nothing answers at {host}:{port}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(question)?;
    let mut answer = vec![0; 16 * 1024];
    let mut length = 0;
    // A short answer ends with the first pause; what was read until then is the answer.
    while let Some(room) = answer.get_mut(length..).filter(|room| !room.is_empty()) {
        match stream.read(room) {
            Ok(0) => break,
            Ok(read) if !url.scheme().starts_with("http") => {
                length += read;
                break;
            }
            Ok(read) => length += read,
            Err(error) if length == 0 => return Err(error).context("it does not answer"),
            Err(_) => break,
        }
    }
    answer.truncate(length);
    Ok(answer)
}
