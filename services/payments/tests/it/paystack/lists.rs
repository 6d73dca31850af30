//! Lists of everything: transactions by cursor, refunds by page.

use chrono::{DateTime, Utc};
use common::Clock as _;
use common::clock::SystemClock;
use serde_json::{Value, json};
use test_support::stand_in::Reply;
use url::Url;

use super::Transaction;
use super::books::{Books, shown};

struct Query(Vec<(String, String)>);

impl Query {
    fn of(path: &str) -> Self {
        let url = Url::parse(&format!("http://paystack{path}")).unwrap();
        Self(url.query_pairs().into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A time without its zone would mean whatever the provider makes of it.
    fn time(&self, name: &str) -> DateTime<Utc> {
        let text = self.get(name).unwrap();
        assert!(text.ends_with('Z'), "{text}");
        text.parse().unwrap()
    }

    fn includes(&self, time: DateTime<Utc>) -> bool {
        (self.time("from")..=self.time("to")).contains(&time)
    }
}

impl Books {
    /// Newest first. That there is no other page is written as text.
    pub(super) fn list_transactions(&self, path: &str) -> Reply {
        let query = Query::of(path);
        assert_eq!(query.get("use_cursor"), Some("true"));
        let before: u64 = query.get("next").map_or(u64::MAX, |id| id.parse().unwrap());
        let mut rows: Vec<&Transaction> = self
            .transactions
            .values()
            .filter(|one| one.id < before && query.includes(one.created_at))
            .collect();
        rows.sort_by_key(|one| std::cmp::Reverse(one.id));
        let has_more = rows.len() > self.page;
        rows.truncate(self.page);
        let last = rows
            .last()
            .filter(|_| has_more)
            .map(|one| one.id.to_string());
        let shown: Vec<Value> = rows.into_iter().map(shown).collect();
        let meta = json!({
            "next": last.unwrap_or_else(|| "null".to_owned()), "previous": "null", "perPage": self.page,
        });
        answer(&json!(shown), &meta)
    }

    pub(super) fn list_all_refunds(&self, path: &str) -> Reply {
        let query = Query::of(path);
        let page: usize = query.get("page").unwrap().parse().unwrap();
        let rows = self
            .refunds
            .iter()
            .rev()
            .filter(|one| query.includes(one.created_at) && !self.hides_refunds);
        let rows: Vec<Value> = rows
            .skip((page - 1) * self.page)
            .take(self.page)
            .map(|one| self.show_refund(one))
            .collect();
        answer(&json!(rows), &json!({ "page": page, "perPage": self.page }))
    }

    pub(super) fn sell_elsewhere(&mut self, reference: &str) {
        let one = Transaction {
            id: self.fresh_id(),
            reference: reference.to_owned(),
            amount: 99_900,
            requested: 99_900,
            currency: "NGN".to_owned(),
            status: "success".to_owned(),
            channel: "card".to_owned(),
            domain: "test".to_owned(),
            fees: Some(999),
            created_at: SystemClock.now(),
            paid_at: DateTime::from_timestamp(1_768_300_260, 0).unwrap(),
            is_captured: true,
        };
        self.transactions.insert(reference.to_owned(), one);
    }
}

fn answer(data: &Value, meta: &Value) -> Reply {
    Reply::json(
        200,
        &json!({ "status": true, "message": "Retrieved", "data": data, "meta": meta }),
    )
}
