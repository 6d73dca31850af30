//! How disputes are watched.

use std::time::Duration;

use chrono::TimeDelta;
use common::settings::Reader;

use super::seconds;
use crate::domain::dispute::AnswerTimes;

/// How disputes are watched.
#[derive(Debug)]
pub struct DisputeSettings {
    /// How often the provider is asked for those that it did not tell of.
    pub poll_every: Duration,
    /// How long before its deadline people are reminded of one.
    pub remind_before: TimeDelta,
    /// How long the provider waits for an answer where it names no deadline.
    pub(crate) answer_times: AnswerTimes,
}

impl DisputeSettings {
    pub(super) fn read(read: &mut Reader) -> Self {
        let poll_every = read.number("disputes.poll_every_secs", 600, 1, 86_400);
        let usual = read.number("disputes.answer_within_hours", 16, 1, 24 * 90);
        Self {
            poll_every: Duration::from_secs(poll_every),
            remind_before: seconds(read, "disputes.remind_before_secs", 4 * 3_600, 0),
            answer_times: AnswerTimes {
                usual: TimeDelta::hours(usual),
                of: read_answer_times(read),
            },
        }
    }
}

fn read_answer_times(read: &mut Reader) -> Vec<(String, TimeDelta)> {
    const KEY: &str = "disputes.answer_within_hours_of";
    let parse = |text: &str| {
        let (code, hours) = text.split_once('=')?;
        let hours: i64 = hours.trim().parse().ok()?;
        let code = code.trim();
        let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        (is_code && (1..=24 * 90).contains(&hours))
            .then(|| (code.to_owned(), TimeDelta::hours(hours)))
    };
    let mut times = Vec::new();
    for text in read.list(KEY, &[]) {
        match parse(&text) {
            Some(time) => times.push(time),
            None => read.problem(KEY, "must be currencies with hours, such as GHS=24"),
        }
    }
    times
}
