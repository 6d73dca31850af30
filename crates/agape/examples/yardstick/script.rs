//! The statements of a purchase as a script for pgbench.

use std::collections::{BTreeMap, BTreeSet};

use crate::purchase::{Purchase, Rows, table_at};
use crate::recording::{Statement, Transaction};

/// Turns statements into those of a script.
pub(crate) struct Writer {
    begin: String,
    tables: BTreeSet<String>,
    /// What differs each time, with its expression.
    fresh: Vec<(String, String)>,
    /// How many ids are made each time.
    ids: usize,
    rows: Rows,
}

/// The expressions that a script begins with; the first is `:v1`.
#[derive(Default)]
struct Head(Vec<String>);

impl Writer {
    pub(crate) fn new(purchase: &Purchase, tables: &str, given: &BTreeMap<&str, &str>) -> Self {
        let given = given
            .iter()
            .map(|(value, said)| (*value, (*said).to_owned()));
        let made = purchase.made.iter().zip(1..).map(|(id, number)| {
            let is_short = !id.contains('-');
            let said = if is_short {
                format!("replace(u{number}, '-', '')")
            } else {
                format!("u{number}")
            };
            (id.as_str(), said)
        });
        let fresh = given
            .chain(made)
            .map(|(value, said)| (value.to_owned(), said));
        Self {
            begin: purchase.begin.clone(),
            tables: tables.lines().map(str::to_owned).collect(),
            fresh: fresh.collect(),
            ids: purchase.made.len(),
            rows: purchase.rows.clone(),
        }
    }

    /// The script of transactions, after the statement that computes what differs each time.
    pub(crate) fn script(&self, transactions: &[Transaction]) -> String {
        let mut head = Head::default();
        let mut body = String::new();
        for one in transactions {
            body.push_str(&format!("-- {}\n", one.role));
            for statement in &one.statements {
                let statement = self.statement(&one.role, statement, &mut head);
                body.push_str(&format!("{statement};\n"));
            }
        }
        let values = head.0.iter().zip(1..);
        let values: Vec<String> = values
            .map(|(said, number)| format!("{said} AS v{number}"))
            .collect();
        let is_used = |id: &String| {
            let (alone, within) = (format!("({id})"), format!("({id},"));
            let mut all = head.0.iter();
            all.any(|said| said.contains(&alone) || said.contains(&within))
        };
        let ids = (1..=self.ids).map(|number| format!("u{number}"));
        let ids = ids.filter(is_used);
        let ids = ids.map(|id| format!(", stamp || substr(gen_random_uuid()::text, 16) AS {id}"));
        format!(
            "SELECT {}\nFROM (SELECT *{} FROM yardstick.turn) AS turn\n\\gset\n{body}",
            values.join(",\n    "),
            ids.collect::<String>(),
        )
    }

    fn statement(&self, role: &str, statement: &Statement, head: &mut Head) -> String {
        let mut text = statement.text.clone();
        let mut parameters = statement.parameters.clone();
        let claim = statement.claim();
        let rows = claim.and_then(|(_, table)| self.rows.get(&format!("{role}.{table}")));
        if let Some(((at, _), rows)) = claim.zip(rows) {
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            parameters.push(Some(format!("{{{}}}", rows.join(","))));
            text.insert_str(at, &format!(" id = ANY(${}) AND", parameters.len()));
        }
        let text = self.with_schemas(role, &text);
        let mut parts = text.split('$');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let at = number.parse::<usize>().unwrap_or_default().wrapping_sub(1);
            let said = match parameters.get(at) {
                Some(Some(value)) => self.value(value, &out, rest, head),
                Some(None) => "NULL".to_owned(),
                None => format!("${number}"),
            };
            out.push_str(&said);
            out.push_str(rest);
        }
        out
    }

    /// Names the schemas of tables: a role sees its own only.
    fn with_schemas(&self, role: &str, text: &str) -> String {
        let mut out = String::new();
        let mut before = "";
        for word in text.split_inclusive([' ', '\n', '(']) {
            let table = format!("{role}.{}", table_at(word));
            let is_table = ["FROM", "JOIN", "INTO", "UPDATE"].contains(&before);
            if is_table && !word.contains('.') && self.tables.contains(&table) {
                out.push_str(&format!("{role}."));
            }
            out.push_str(word);
            before = word.trim();
        }
        out
    }

    /// A value as the script says it between what is before and after it.
    fn value(&self, value: &str, before: &str, after: &str, head: &mut Head) -> String {
        let expression = self.time(value, before).or_else(|| self.joined(value));
        let said = expression.map_or_else(|| literal(value), |said| head.variable(said));
        match before.rsplit_once("unnest(") {
            // Nothing else tells PostgreSQL what the list is of.
            Some((_, inside)) if is_open(inside) && !after.starts_with("::") => {
                format!("{said}::{}", type_of(value))
            }
            _ => said,
        }
    }

    /// The expression for a time, or a list of one that comes once or more, unless it is before the recording.
    fn time(&self, value: &str, before: &str) -> Option<String> {
        let time = value.trim_matches(['{', '"', '}']);
        let time = time.split_once('"').map_or(time, |(first, _)| first);
        if !(time.starts_with("20") && time.ends_with("+00")) || time < self.begin.as_str() {
            return None;
        }
        // The times of a row that the database gave it: any of the turn will do.
        let (_, since) = before.rsplit_once("BETWEEN ").unwrap_or(("", "none"));
        if since.is_empty() {
            return Some("begun".to_owned());
        } else if since.ends_with(" AND ") && since.matches(' ').count() == 2 {
            return Some("begun + interval '1 minute'".to_owned());
        }
        let around: Vec<String> = value.split(time).map(literal).collect();
        let [time, begin] = [time, &self.begin].map(literal);
        let fresh = format!(" || (begun + ({time}::timestamptz - {begin})) || ");
        Some(around.join(&fresh))
    }

    /// The expression that joins what differs in a value each time with what stays; none if all of it stays.
    fn joined(&self, value: &str) -> Option<String> {
        let mut parts = Vec::new();
        let mut rest = value;
        loop {
            let fresh = self
                .fresh
                .iter()
                .filter_map(|(fresh, said)| Some((rest.find(fresh)?, fresh, said)));
            let Some((at, fresh, said)) =
                fresh.min_by_key(|(at, fresh, _)| (*at, usize::MAX - fresh.len()))
            else {
                break;
            };
            let (stays, after) = rest.split_at(at);
            parts.extend([literal(stays), format!("({said})")]);
            rest = after.strip_prefix(fresh.as_str())?;
        }
        parts.push(literal(rest));
        parts.retain(|part| part != "E''");
        (rest.len() < value.len()).then(|| parts.join(" || "))
    }
}

impl Head {
    /// The variable that has an expression's value.
    fn variable(&mut self, expression: String) -> String {
        let known = self.0.iter().position(|known| *known == expression);
        let at = known.unwrap_or(self.0.len());
        if known.is_none() {
            self.0.push(expression);
        }
        format!(":v{}", at + 1)
    }
}

/// A literal in which pgbench sees no variable.
fn literal(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\'', "''");
    format!("E'{}'", text.replace(':', "\\x3a").replace('\n', "\\n"))
}

/// Whether a bracket before it is not closed by the end of a text.
fn is_open(text: &str) -> bool {
    let mut depth = 0_i32;
    text.chars().all(|sign| {
        depth += i32::from(sign == '(') - i32::from(sign == ')');
        depth >= 0
    })
}

/// The type of a list, by the looks of its first element.
fn type_of(list: &str) -> &'static str {
    let list = list.trim_matches(['{', '}']);
    let first = list.split(',').next().unwrap_or_default().trim_matches('"');
    if first.starts_with("\\\\x") {
        "bytea[]"
    } else if first.len() == 36 && first.split('-').count() == 5 {
        "uuid[]"
    } else if first.ends_with("+00") {
        "timestamptz[]"
    } else if first.parse::<i64>().is_ok() {
        "bigint[]"
    } else if ["t", "f"].contains(&first) {
        "boolean[]"
    } else if first.parse::<f64>().is_ok() {
        "numeric[]"
    } else {
        "text[]"
    }
}
