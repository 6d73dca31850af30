//! What in a recording belongs to the one purchase.
//!
//! - A transaction, or a statement alone, in which a parameter mentions the order (by its id or number: a seed), or an id that
//!   was made since the log begins and stands in another transaction that does so. When it was made, a UUID of version 7 tells.
//! - One that mentions who buys or what, and no other id that was made since.
//! - A claim of whatever is due (`SKIP LOCKED`), if what its role does next, before it claims again, mentions a row that was
//!   put into the claimed table before.
//!
//! The rest are timers, gauges, and the doings of others. News of stock are told twice a second at most, whoever buys, so they
//! are left out with what follows from them.

use std::collections::{BTreeMap, BTreeSet};

use crate::recording::{Recording, Statement, Transaction};

/// An event that does not come with each purchase.
const NEWS: &str = "stock.changed";
/// What seems to be an id and to be made later than so long after the begin is none.
const RECORDING_MAX_MS: u64 = 600_000;

/// The ids of the rows that were put into each table of each role.
pub(crate) type Rows = BTreeMap<String, BTreeSet<String>>;

pub(crate) struct Purchase {
    /// When the recording begins, as PostgreSQL writes times.
    pub(crate) begin: String,
    pub(crate) transactions: Vec<Transaction>,
    /// The ids that were made for it.
    pub(crate) made: BTreeSet<String>,
    pub(crate) rows: Rows,
}

impl Purchase {
    /// Finds it by what names the order, and by who bought what.
    pub(crate) fn find(recording: Recording, seeds: &[&str], bought: &[&str]) -> Self {
        let mut all = recording.transactions;
        for one in &mut all {
            one.statements.retain(|one| !one.is_news());
        }
        let ids = |one: &Transaction| -> BTreeSet<String> {
            let ids = one
                .values()
                .flat_map(|value| ids_since(recording.begin_ms, value));
            ids.collect()
        };
        let mut made = BTreeSet::new();
        loop {
            let before = made.len();
            for one in &all {
                if mentions(one, seeds) || mentions(one, &made) {
                    made.append(&mut ids(one));
                }
            }
            if made.len() == before {
                break;
            }
        }
        all.retain(|one| {
            let is_ours = mentions(one, seeds) || mentions(one, &made);
            let is_about_it = mentions(one, bought) && ids(one).is_empty();
            is_ours || is_about_it || claimed(one).is_some()
        });
        let kept: Vec<bool> = (0..all.len()).map(|at| is_kept(&all, at, &made)).collect();
        let kept = all.into_iter().zip(kept).filter(|(_, is_kept)| *is_kept);
        let transactions: Vec<Transaction> = kept.map(|(one, _)| one).collect();
        let rows = rows(&transactions, &made);
        Self {
            begin: recording.begin,
            transactions,
            made,
            rows,
        }
    }
}

fn mentions<T: AsRef<str>>(one: &Transaction, texts: impl IntoIterator<Item = T>) -> bool {
    let mut texts = texts.into_iter();
    texts.any(|text| one.values().any(|value| value.contains(text.as_ref())))
}

/// UUIDs of version 7 that were made since then, with dashes or without.
fn ids_since(begin_ms: u64, text: &str) -> impl Iterator<Item = String> {
    let is_made_since = move |word: &&str| {
        let digits = word.replace('-', "");
        let ms = digits
            .get(..12)
            .map(|digits| u64::from_str_radix(digits, 16));
        let ms = ms.and_then(Result::ok).unwrap_or_default();
        let is_id = digits.len() == 32 && digits.get(12..13) == Some("7");
        is_id && (begin_ms..begin_ms + RECORDING_MAX_MS).contains(&ms)
    };
    let words = text.split(|sign: char| !(sign.is_ascii_hexdigit() || sign == '-'));
    words.filter(is_made_since).map(str::to_owned)
}

/// The table that a transaction claims what is due of, if it does nothing else.
fn claimed(one: &Transaction) -> Option<String> {
    match one.statements.as_slice() {
        [claim] => claim
            .claim()
            .map(|(_, table)| format!("{}.{table}", one.role)),
        _ => None,
    }
}

/// Whether it is no claim, or one that claimed something.
fn is_kept(all: &[Transaction], at: usize, made: &BTreeSet<String>) -> bool {
    let (before, from) = all.split_at(at);
    let Some((one, after)) = from.split_first() else {
        return false;
    };
    let Some(table) = claimed(one) else {
        return true;
    };
    let rows = rows(before, made).remove(&table).unwrap_or_default();
    let next = after.iter().filter(|next| next.role == one.role);
    let mut next = next.take_while(|next| claimed(next).as_ref() != Some(&table));
    next.any(|next| mentions(next, &rows))
}

fn rows(transactions: &[Transaction], made: &BTreeSet<String>) -> Rows {
    let mut rows = Rows::new();
    for one in transactions {
        for statement in &one.statements {
            // A row's id comes first, alone or as a list of one.
            let ids = statement.parameters.iter().flatten();
            let mut ids = ids.map(|id| id.trim_matches(['{', '}']));
            let id = ids.find(|id| made.contains(*id));
            let into = statement.text.strip_prefix("INSERT INTO ").map(table_at);
            if let Some((id, table)) = id.zip(into) {
                let rows = rows.entry(format!("{}.{table}", one.role)).or_default();
                rows.insert(id.to_owned());
            }
        }
    }
    rows
}

impl Statement {
    fn is_news(&self) -> bool {
        self.parameters.iter().flatten().any(|value| value == NEWS)
    }

    /// Where the conditions begin by which it claims what is due of a table, and of which.
    pub(crate) fn claim(&self) -> Option<(usize, &str)> {
        let (before, _) = self.text.split_once("SKIP LOCKED")?;
        let (mut depth, mut conditions) = (0_i32, None);
        for (at, sign) in before.char_indices().rev() {
            let rest = before.get(at..)?;
            depth += i32::from(sign == ')') - i32::from(sign == '(');
            if depth == 0 && rest.starts_with("WHERE") {
                conditions = Some(at + "WHERE".len());
            } else if let (0, Some(table)) = (depth, rest.strip_prefix("FROM ")) {
                return conditions.zip(Some(table_at(table)));
            }
        }
        None
    }
}

/// The table that a text begins with, without its schema.
pub(crate) fn table_at(text: &str) -> &str {
    let is_name = |sign: char| sign.is_alphanumeric() || "_.\"".contains(sign);
    let name = text.split(|sign| !is_name(sign)).next().unwrap_or_default();
    let (_, table) = name.rsplit_once('.').unwrap_or(("", name));
    table.trim_matches('"')
}
