//! Writes what one purchase asks of the database as scripts for pgbench, so that the shop can be compared with PostgreSQL.
//!
//! `yardstick <server log> <tables> <folder> <seeds> <value>=<expression>…`
//!
//! The log is of one purchase, with all statements, their parameters and the prefix `yardstick %n %m %p %u `; the tables are
//! lines of `<schema>.<table>`. `paid.sql` is what is committed until the order is `processing`, without carts and mails;
//! `whole.sql` has these, the invoice, and all else that follows. One line of JSON says how much is in each.
//!
//! - What belongs to the purchase, [`purchase`] decides.
//! - What differs each time is computed by one statement more, at the head, and bound as parameters: the ids that were made for
//!   the purchase (again as UUIDs of version 7, so that they lie beside each other in indexes); the values that are given, by
//!   expressions over the columns of the view `yardstick.turn`; and times since the log begins, which are as far from the begin
//!   of the turn as they were from the log's. Everything else is a literal.
//! - Little is changed. Tables get the schema of the role. A claim of what is due is told the ids of this purchase's rows, or the
//!   clients would take each other's and wait in circles. Where the time that the database gave a row is asked for, any of the
//!   turn will do.

mod purchase;
mod recording;
mod script;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use purchase::Purchase;
use recording::{Recording, Transaction};
use script::Writer;

/// Who works until the order is paid.
const UNTIL_PAID: [&str; 5] = ["auth", "catalog", "inventory", "orders", "payments"];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [log, tables, folder, seeds, given @ ..] = arguments.as_slice() else {
        bail!("usage: see the head of this program");
    };
    let given = given.iter().map(|pair| pair.split_once('='));
    let given: Option<BTreeMap<&str, &str>> = given.collect();
    let given = given.context("<value>=<expression>")?;
    let recording = Recording::read(&fs::read_to_string(log).context(log.clone())?)?;
    let tables = fs::read_to_string(tables).context(tables.clone())?;

    let seeds: Vec<&str> = seeds.split(',').collect();
    let bought: Vec<&str> = given.keys().copied().collect();
    let purchase = Purchase::find(recording, &seeds, &bought);
    let writer = Writer::new(&purchase, &tables, &given);
    let mut kept = purchase.transactions;
    write(&writer, &kept, folder, "whole")?;
    let paid = kept.iter().position(is_processing);
    kept.truncate(paid.context("no order became processing")? + 1);
    kept.retain(|one| UNTIL_PAID.contains(&one.role.as_str()));
    write(&writer, &kept, folder, "paid")
}

fn is_processing(one: &Transaction) -> bool {
    one.role == "orders"
        && one
            .values()
            .any(|value| value.trim_matches(['{', '}']) == "processing")
}

#[expect(clippy::print_stdout, reason = "how much it wrote is its report")]
fn write(writer: &Writer, script: &[Transaction], folder: &str, name: &str) -> Result<()> {
    let text = writer.script(script);
    fs::write(Path::new(folder).join(format!("{name}.sql")), text)?;
    let transactions = script.len();
    let statements: usize = script.iter().map(|one| one.statements.len()).sum();
    println!("{{\"{name}_transactions\":{transactions},\"{name}_statements\":{statements}}}");
    Ok(())
}
