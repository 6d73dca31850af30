//! `agape demo`: one purchase from beginning to end, through the same doors as a shopper's: register, browse, fill a cart,
//! order, pay on the payment vendor's page, and see what comes of it.

mod exchange;
mod purchase;
mod trace;

use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::Value;

use self::exchange::Exchanger;
use self::purchase::Purchase;
use crate::output::say;
use crate::tree::Tree;

/// Buys something from the shop that runs in this tree.
///
/// # Errors
/// Nothing runs, or something does not go as it should; the error says what.
pub async fn run(tree: &Tree) -> Result<ExitCode> {
    super::running(tree)?;
    let (api, sandbox) = places(tree)?;
    let mut purchase = Purchase {
        http: Exchanger::new()?,
        api,
        sandbox,
    };
    let shopper = purchase.register().await?;
    let goods = purchase.browse().await?;
    purchase.fill_cart(&goods).await?;
    let order = purchase.order().await?;
    let payment = purchase.initialize(&order).await?;
    purchase.pay(&payment).await?;
    purchase.wait_until_processing(&order).await?;
    let invoice = purchase.invoice(&order).await?;
    let mail = purchase.mail(&shopper, &order).await?;
    let file = tree
        .state()
        .join("demo")
        .join(format!("{}.pdf", order.number));
    crate::private_files::ensure_dir(&tree.state().join("demo"))?;
    std::fs::write(&file, invoice)?;
    let trace = purchase.http.trace_id();
    let loggers = trace::services_that_logged(tree, &trace).await?;
    say(format_args!("\nOrder     {} is processing", order.number));
    say(format_args!("Invoice   {}", file.display()));
    say(format_args!("Mail      \"{}\" to {}", mail, shopper.email));
    say(format_args!(
        "Trace     {trace}, logged by {}",
        loggers.join(", ")
    ));
    Ok(ExitCode::SUCCESS)
}

/// Where the API and the vendors are in the running tree.
pub(super) fn places(tree: &Tree) -> Result<(String, String)> {
    let file =
        std::fs::read(tree.urls()).context("the running tree has not said where it is yet")?;
    let urls: Value = serde_json::from_slice(&file)?;
    let place = |pointer: &str| {
        let url = urls.pointer(pointer).and_then(Value::as_str);
        url.map(str::to_owned)
            .with_context(|| format!("the running tree has no {pointer}"))
    };
    let api = format!("{}/api/v1", place("/baseUrl")?);
    Ok((api, place("/services/sandbox/url")?))
}
