//! What a list is narrowed to, and which page of it is wanted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::error::Refusal;
use super::transaction::Status;
use super::transactions::Wanted;

/// Rows of a page unless asked otherwise.
const PER_PAGE: usize = 50;
/// Rows of a page at most. The vendor's own limit is not known.
const PER_PAGE_MAX: usize = 100;

/// The query of a request.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

/// A page of a list that is counted.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Which, from 1 on.
    pub number: usize,
    /// Its rows.
    pub size: usize,
}

/// Where a list is read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// From the newest row on.
    Start,
    /// With the rows older than this one.
    OlderThan(u64),
    /// With the rows newer than this one.
    NewerThan(u64),
}

impl Query {
    /// Reads a query string. Names that nobody knows are tolerated.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// A value that is there and not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(one, _)| one == name);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Which page is wanted.
    #[must_use]
    pub fn page(&self) -> Page {
        let number = |name, usual| {
            let given = self.get(name).and_then(|text| text.parse().ok());
            given.filter(|number| *number > 0).unwrap_or(usual)
        };
        Page {
            number: number("page", 1),
            size: number("perPage", PER_PAGE).min(PER_PAGE_MAX),
        }
    }

    /// Where a list is to be read on, if by cursor at all.
    ///
    /// # Errors
    /// The cursor is none that was given out.
    pub fn cursor(&self) -> Result<Option<Cursor>, Refusal> {
        // The vendor writes the absence of a cursor as text, and clients send it back.
        let given = |name| self.get(name).filter(|text| *text != "null");
        match (given("next"), given("previous")) {
            (Some(text), _) => read_cursor(text).map(|id| Some(Cursor::OlderThan(id))),
            (None, Some(text)) => read_cursor(text).map(|id| Some(Cursor::NewerThan(id))),
            (None, None) => Ok((self.get("use_cursor") == Some("true")).then_some(Cursor::Start)),
        }
    }

    /// The wanted time and state. A state that nobody knows is no state of any transaction.
    ///
    /// # Errors
    /// A time is none.
    pub fn wanted(&self) -> Result<Option<Wanted>, Refusal> {
        let status = match self.get("status") {
            None => None,
            Some(name) => match serde_json::from_value::<Status>(Value::from(name)) {
                Ok(status) => Some(status),
                Err(_) => return Ok(None),
            },
        };
        Ok(Some(Wanted {
            from: self.time("from")?,
            to: self.time("to")?,
            status,
        }))
    }

    /// A time with its zone, or the midnight in UTC at which a day begins.
    ///
    /// # Errors
    /// It is neither.
    pub fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        // A `+` that was not escaped arrives as a space.
        let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+"))
            .map(|time| time.to_utc())
            .ok()
            .or_else(|| day(text).map(|day| day.and_time(NaiveTime::MIN).and_utc()));
        let problem = || Refusal::params(format!("\"{name}\" must be a valid date"));
        time.map(Some).ok_or_else(problem)
    }
}

impl Page {
    /// Rows before it.
    #[must_use]
    pub fn skip(&self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }

    /// What is said about a list of so many rows. Only lists of transactions have a volume.
    #[must_use]
    pub fn meta(&self, total: usize, volume: Option<i64>) -> Value {
        let mut meta = json!({
            "total": total,
            "skipped": self.skip(),
            "perPage": self.size,
            "page": self.number,
            "pageCount": total.div_ceil(self.size),
        });
        if let (Some(volume), Some(fields)) = (volume, meta.as_object_mut()) {
            fields.insert("total_volume".to_owned(), volume.into());
        }
        meta
    }

    /// The rows of this page, and how many there are on all pages.
    #[must_use]
    pub fn of<T>(&self, rows: impl Iterator<Item = T>) -> (Vec<T>, usize) {
        let (mut page, mut total) = (Vec::new(), 0);
        for row in rows {
            if total >= self.skip() && page.len() < self.size {
                page.push(row);
            }
            total += 1;
        }
        (page, total)
    }
}

/// What is said about a page by cursor. The vendor writes the absence of a newer page as text, that of an older one as
/// `null`.
#[derive(Debug, Serialize)]
pub struct CursorMeta {
    /// Leads to the older rows.
    pub next: Option<String>,
    /// Leads to the newer rows.
    pub previous: String,
    /// Rows of a page.
    #[serde(rename = "perPage")]
    pub per_page: usize,
}

impl CursorMeta {
    /// What is said about a page that begins and ends with these rows.
    #[must_use]
    pub fn of(newest: Option<u64>, oldest: Option<u64>, per_page: usize) -> Self {
        Self {
            next: oldest.map(write_cursor),
            previous: newest.map_or_else(|| "null".to_owned(), write_cursor),
            per_page,
        }
    }
}

fn write_cursor(id: u64) -> String {
    STANDARD.encode(format!("undefined:{id}"))
}

fn read_cursor(text: &str) -> Result<u64, Refusal> {
    // A `+` that was not escaped arrives as a space.
    let decoded = STANDARD.decode(text.replace(' ', "+")).ok();
    let plain = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let id = plain.and_then(|plain| plain.strip_prefix("undefined:")?.parse().ok());
    id.ok_or_else(|| Refusal::params("Invalid cursor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_out() {
        let text = write_cursor(4_097_358_158);
        assert_eq!(text, "dW5kZWZpbmVkOjQwOTczNTgxNTg=");
        let next = format!("next={}", text.replace('=', "%3D"));
        for (query, expected) in [
            ("", None),
            ("use_cursor=false", None),
            ("use_cursor=true", Some(Cursor::Start)),
            ("use_cursor=true&next=null", Some(Cursor::Start)),
            (&next, Some(Cursor::OlderThan(4_097_358_158))),
        ] {
            assert_eq!(Query::read(query).cursor().unwrap(), expected, "{query}");
        }
        assert!(Query::read("next=x").cursor().is_err());
    }

    #[test]
    fn pages_are_counted_from_one() {
        let page = Query::read("perPage=2&page=3").page();
        assert_eq!(page.of(0..7), (vec![4, 5], 7));
        assert_eq!(page.meta(7, Some(9))["pageCount"], 4);
        for query in ["", "page=0&perPage=x", "page=-1&perPage=0"] {
            let page = Query::read(query).page();
            assert_eq!((page.number, page.size, page.skip()), (1, 50, 0), "{query}");
        }
        assert_eq!(Query::read("perPage=1000").page().size, 100);
    }

    #[test]
    fn days_and_times_are_read() {
        let query = Query::read("from=2026-01-02&to=2026-01-02T03:04:05%2B01:00&x=soon");
        let shown = |name| query.time(name).unwrap().unwrap().to_rfc3339();
        assert_eq!(shown("from"), "2026-01-02T00:00:00+00:00");
        assert_eq!(shown("to"), "2026-01-02T02:04:05+00:00");
        assert!(query.time("x").is_err());
    }
}
