//! The statements in a log of PostgreSQL.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

/// A statement with its parameters.
#[derive(Clone)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) parameters: Vec<Option<String>>,
}

/// Statements that were committed together, or one alone.
pub(crate) struct Transaction {
    pub(crate) role: String,
    pub(crate) statements: Vec<Statement>,
}

/// All of them, in the order of their commits.
#[derive(Default)]
pub(crate) struct Recording {
    /// When the log begins.
    pub(crate) begin_ms: u64,
    /// The same as PostgreSQL writes times.
    pub(crate) begin: String,
    pub(crate) transactions: Vec<Transaction>,
}

/// What the server tells at once.
struct Entry<'a> {
    /// Milliseconds, date, time, zone, process, role, level.
    head: Vec<&'a str>,
    /// What happened, and its detail.
    told: Vec<String>,
}

impl Transaction {
    /// The values of all parameters.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        let all = self.statements.iter().flat_map(|one| &one.parameters);
        all.filter_map(Option::as_deref)
    }
}

impl Recording {
    /// Reads a log; a statement that failed makes it worthless.
    pub(crate) fn read(log: &str) -> Result<Self> {
        let mut recording = Self::default();
        let mut sessions: BTreeMap<&str, Vec<Statement>> = BTreeMap::new();
        for entry in entries(log) {
            let ([ms, date, time, _, process, role, level], [told, detail @ ..]) =
                (entry.head.as_slice(), entry.told.as_slice())
            else {
                continue;
            };
            ensure!(*level != "ERROR:", "a statement of {role} failed: {told}");
            if recording.begin.is_empty() {
                recording.begin_ms = ms.replace('.', "").parse()?;
                recording.begin = format!("{date} {time}");
            }
            let (kind, text) = told.split_once(": ").unwrap_or_default();
            if *level != "LOG:" || !(kind == "statement" || kind.starts_with("execute ")) {
                continue;
            }
            let statements = sessions.entry(process).or_default();
            statements.push(Statement {
                text: text.to_owned(),
                parameters: parameters(detail.first().map_or("", String::as_str)),
            });
            let is_alone = !statements.iter().any(|one| one.text.starts_with("BEGIN"));
            if is_alone || text == "COMMIT" || text == "ROLLBACK" {
                recording.transactions.push(Transaction {
                    role: (*role).to_owned(),
                    statements: std::mem::take(statements),
                });
            }
        }
        Ok(recording)
    }
}

/// Lines that belong to one entry begin with a tab; its detail follows with a head of its own.
fn entries(log: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for line in log.lines() {
        let last = entries.last_mut().map(|entry| &mut entry.told);
        if let Some(entry) = line.strip_prefix("yardstick ") {
            let mut head: Vec<&str> = entry.splitn(8, ' ').collect();
            let told = head.pop().unwrap_or_default().trim_start().to_owned();
            match (head.last(), last) {
                (Some(&"DETAIL:"), Some(last)) => last.push(told),
                _ => entries.push(Entry {
                    head,
                    told: vec![told],
                }),
            }
        } else if let (Some(more), Some(last)) = (line.strip_prefix('\t'), last)
            && let Some(last) = last.last_mut()
        {
            last.push('\n');
            last.push_str(more);
        }
    }
    entries
}

/// The values in `parameters: $1 = 'it''s', $2 = NULL`.
fn parameters(mut text: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    while let Some((_, rest)) = text.split_once(" = ") {
        text = rest;
        let Some(quoted) = rest.strip_prefix('\'') else {
            values.push(None);
            continue;
        };
        let mut value = String::new();
        text = quoted;
        while let Some((part, rest)) = text.split_once('\'') {
            value.push_str(part);
            text = rest;
            // Two quotes stand for one.
            let Some(rest) = rest.strip_prefix('\'') else {
                break;
            };
            value.push('\'');
            text = rest;
        }
        values.push(Some(value));
    }
    values
}
