//! What a person needs to know once everything runs.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::environment;
use crate::infrastructure::Urls;
use crate::output::say;
use crate::tree::Tree;
use crate::{private_files, services};

/// The service that clients talk to.
const FRONT_DOOR: &str = "gateway";

/// The content of `urls.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UrlsFile {
    base_url: String,
    docs_url: String,
    mailbox_url: String,
    services: BTreeMap<String, ServiceUrls>,
    infrastructure: Urls,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceUrls {
    url: String,
    ops_url: String,
}

/// One entry of `accounts.json`.
#[derive(Debug, Deserialize)]
struct Account {
    role: String,
    email: String,
}

/// Writes `urls.json`. Only the owner may read it: a given database URL may hold a password.
pub(super) fn write_urls(tree: &Tree, urls: &Urls) -> Result<()> {
    let base_url = base_url()?;
    let addresses = services::processes().map(|deployed| {
        let service = deployed.service;
        let url = environment::base_url(service)?;
        let ops_url = environment::ops_url(service)?;
        Ok((service.name.to_owned(), ServiceUrls { url, ops_url }))
    });
    let file = UrlsFile {
        docs_url: format!("{base_url}/docs"),
        base_url,
        mailbox_url: mailbox_url()?,
        services: addresses.collect::<Result<_>>()?,
        infrastructure: urls.clone(),
    };
    private_files::write(&tree.urls(), &serde_json::to_vec_pretty(&file)?)
}

/// Prints where everything is and what to try.
pub(super) fn print(tree: &Tree, took: Duration) -> Result<()> {
    let base_url = base_url()?;
    say(format_args!(
        "\nAgape is running, ready after {:.1} s. Ctrl-C stops it.\n",
        took.as_secs_f32()
    ));
    places(tree, &base_url, &mailbox_url()?);
    commands_to_try(tree, &base_url);
    Ok(())
}

/// Says what an earlier `agape up` of this tree runs.
pub(super) fn already_running(tree: &Tree, pid: Option<u32>) {
    let process = pid
        .map(|pid| format!(" as process {pid}"))
        .unwrap_or_default();
    let file = std::fs::read(tree.urls()).ok();
    let file = file.and_then(|bytes| serde_json::from_slice::<UrlsFile>(&bytes).ok());
    let Some(file) = file else {
        say(format_args!(
            "Agape is already starting in this tree{process}."
        ));
        return;
    };
    say(format_args!("Agape already runs in this tree{process}.\n"));
    places(tree, &file.base_url, &file.mailbox_url);
    for (name, urls) in &file.services {
        say(format_args!(
            "  {name:<13} {}   operations {}",
            urls.url, urls.ops_url
        ));
    }
    say("\n`make down` stops it, `make restart` replaces the services with what was built since.");
}

fn places(tree: &Tree, base_url: &str, mailbox_url: &str) {
    say(format_args!("  API           {base_url}/api/v1"));
    say(format_args!("  Reference     {base_url}/docs"));
    say(format_args!("  Mailbox       {mailbox_url}"));
    say(format_args!(
        "  Accounts      {}",
        tree.accounts().display()
    ));
    say(format_args!("  Logs          {}/", tree.logs().display()));
}

fn commands_to_try(tree: &Tree, base_url: &str) {
    say("\nTry, in another terminal:\n");
    say(format_args!("  curl -s {base_url}/healthz"));
    let Some(email) = customer(tree) else { return };
    let accounts = tree.accounts();
    let accounts = accounts.display();
    // Works on pretty and on compact JSON, with nothing but what every Debian has.
    say(format_args!(
        "  PASSWORD=$(tr -d '\\n' < {accounts} | grep -o '\"{email}\", *\"password\": *\"[^\"]*' \
         | sed 's/.*\"//')"
    ));
    say(format_args!(
        "  TOKEN=$(curl -s {base_url}/api/v1/auth/login -H 'Content-Type: application/json' \
         -d \"{{\\\"email\\\":\\\"{email}\\\",\\\"password\\\":\\\"$PASSWORD\\\"}}\" \
         | sed 's/.*\"accessToken\":\"\\([^\"]*\\)\".*/\\1/')"
    ));
    say(format_args!(
        "  curl -s {base_url}/api/v1/auth/me -H \"Authorization: Bearer $TOKEN\"\n"
    ));
}

/// The seeded customer's address.
fn customer(tree: &Tree) -> Option<String> {
    let bytes = std::fs::read(tree.accounts()).ok()?;
    let accounts: Vec<Account> = serde_json::from_slice(&bytes).ok()?;
    let customer = accounts
        .into_iter()
        .find(|account| account.role == "customer")?;
    Some(customer.email)
}

/// Where people read the mail that the shop sent: the sandbox's front page.
fn mailbox_url() -> Result<String> {
    Ok(environment::base_url(services::SANDBOX.service)? + "/")
}

fn base_url() -> Result<String> {
    environment::base_url(
        services::find(FRONT_DOOR)
            .context("there is no gateway")?
            .service,
    )
}
