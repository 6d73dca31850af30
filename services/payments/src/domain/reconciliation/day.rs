//! Business dates: days of the shop's zone.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::window::Window;

/// Nights that are made up for at most after the service was away; what is older is compared by hand.
const CATCH_UP_MAX: u64 = 31;
/// How far back a day can be compared.
const YEARS_BACK: u64 = 10;

/// When and how the shop's days are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar {
    /// The shop's zone.
    pub(crate) zone: Tz,
    /// At which time of the day after it a day is compared.
    pub(crate) at: NaiveTime,
    /// How many days before it are looked at with a day.
    pub(crate) days_before: u64,
}

impl Calendar {
    /// The day that it is.
    pub(crate) fn date_of(&self, time: DateTime<Utc>) -> NaiveDate {
        time.with_timezone(&self.zone).date_naive()
    }

    /// The last day whose comparison is due.
    pub(crate) fn due(&self, now: DateTime<Utc>) -> NaiveDate {
        let local = now.with_timezone(&self.zone);
        let days = if local.time() < self.at { 2 } else { 1 };
        back(local.date_naive(), days)
    }

    /// The days that are due, after `last` if there was one, and from the day of the first payment on.
    pub(crate) fn all_due(
        &self,
        now: DateTime<Utc>,
        last: Option<NaiveDate>,
        first_payment: Option<DateTime<Utc>>,
    ) -> Vec<NaiveDate> {
        let Some(first) = first_payment else {
            return Vec::new();
        };
        let due = self.due(now);
        let after_last = last.map(|last| last + Days::new(1));
        let begin = self
            .date_of(first)
            .max(back(due, CATCH_UP_MAX - 1))
            .max(after_last.unwrap_or(NaiveDate::MIN));
        begin.iter_days().take_while(|day| *day <= due).collect()
    }

    /// What is looked at with a day: it and the days before, but nothing that has not happened yet.
    pub(crate) fn window(&self, day: NaiveDate, now: DateTime<Utc>) -> Window {
        let from = self.beginning(back(day, self.days_before));
        let to = self.beginning(day + Days::new(1)).min(now);
        // A day that has only just begun is looked at from its beginning all the same.
        Window {
            from,
            to: to.max(from + TimeDelta::seconds(1)),
        }
    }

    /// A day from its beginning to its end.
    pub(crate) fn day(&self, day: NaiveDate) -> Window {
        Window {
            from: self.beginning(day),
            to: self.beginning(day + Days::new(1)),
        }
    }

    /// Whether a day can be compared: one that has begun, and not so long ago that nobody could mean it.
    pub(crate) fn can_compare(&self, day: NaiveDate, now: DateTime<Utc>) -> bool {
        let today = self.date_of(now);
        (back(today, YEARS_BACK * 366)..=today).contains(&day)
    }

    /// When a day begins. Where clocks are put forward at midnight, that is the first time there is.
    fn beginning(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        let mut hours = (0..24).map(|hour| midnight + TimeDelta::hours(hour));
        let first = hours.find_map(|time| time.and_local_timezone(self.zone).earliest());
        first.map_or_else(|| midnight.and_utc(), |time| time.to_utc())
    }
}

fn back(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: Tz) -> Calendar {
        Calendar {
            zone,
            at: NaiveTime::from_hms_opt(2, 0, 0).unwrap(),
            days_before: 3,
        }
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_due_at_two_of_the_next_in_the_shops_zone() {
        let lagos = calendar(chrono_tz::Africa::Lagos);
        for (now, due) in [
            ("2026-01-13T00:59:59Z", "2026-01-11"),
            ("2026-01-13T01:00:00Z", "2026-01-12"),
            ("2026-01-13T22:59:59Z", "2026-01-12"),
            ("2026-01-14T00:59:59Z", "2026-01-12"),
            ("2025-12-31T23:30:00Z", "2025-12-30"),
        ] {
            assert_eq!(lagos.due(time(now)), day(due), "{now}");
        }
    }

    #[test]
    fn nights_that_were_missed_are_made_up_for_but_none_before_the_first_payment() {
        let lagos = calendar(chrono_tz::Africa::Lagos);
        let now = time("2026-01-13T01:00:00Z");
        let long_ago = Some(time("2020-01-01T00:00:00Z"));
        let days = |last: Option<&str>, first| lagos.all_due(now, last.map(day), first);
        assert_eq!(
            days(Some("2026-01-09"), long_ago),
            ["2026-01-10", "2026-01-11", "2026-01-12"].map(day)
        );
        assert!(days(Some("2026-01-12"), long_ago).is_empty());
        // The clock had been put forward, and back again.
        assert!(days(Some("2027-01-12"), long_ago).is_empty());
        assert_eq!(days(None, long_ago).len(), 31);
        assert_eq!(
            days(None, Some(time("2026-01-11T23:30:00Z"))),
            ["2026-01-12"].map(day)
        );
        assert!(days(None, Some(now)).is_empty());
        assert!(days(None, None).is_empty());
    }

    #[test]
    fn a_window_is_four_days_of_the_shop_and_ends_before_now() {
        let lagos = calendar(chrono_tz::Africa::Lagos);
        let window = lagos.window(day("2026-01-12"), time("2026-01-13T01:00:00Z"));
        assert_eq!(window.from, time("2026-01-08T23:00:00Z"));
        assert_eq!(window.to, time("2026-01-12T23:00:00Z"));
        let today = lagos.window(day("2026-01-13"), time("2026-01-13T09:00:00Z"));
        assert_eq!(today.to, time("2026-01-13T09:00:00Z"));
    }

    #[test]
    fn a_day_that_begins_just_now_has_a_window_all_the_same() {
        let lagos = Calendar {
            days_before: 0,
            ..calendar(chrono_tz::Africa::Lagos)
        };
        let midnight = time("2026-01-12T23:00:00Z");
        let window = lagos.window(day("2026-01-13"), midnight);
        assert_eq!(window.from, midnight);
        assert_eq!(window.to, time("2026-01-12T23:00:01Z"));
    }

    #[test]
    fn a_day_lasts_from_midnight_to_midnight_of_the_shop() {
        let new_york = calendar(chrono_tz::America::New_York);
        for (date, from, to) in [
            ("2026-03-07", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z"),
            ("2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
        ] {
            let whole = new_york.day(day(date));
            assert_eq!((whole.from, whole.to), (time(from), time(to)), "{date}");
        }
    }

    #[test]
    fn what_can_be_compared_has_begun_and_is_within_living_memory() {
        let lagos = calendar(chrono_tz::Africa::Lagos);
        // It is past midnight in Lagos already.
        let now = time("2026-01-12T23:30:00Z");
        let today = day("2026-01-13");
        for (date, is_possible) in [
            (today, true),
            (today + Days::new(1), false),
            (today - Days::new(3_660), true),
            (today - Days::new(3_661), false),
        ] {
            assert_eq!(lagos.can_compare(date, now), is_possible, "{date}");
        }
    }

    #[test]
    fn days_of_zones_that_change_their_clocks_are_whole() {
        let new_york = calendar(chrono_tz::America::New_York);
        let window = new_york.window(day("2026-03-08"), time("2026-04-01T00:00:00Z"));
        assert_eq!(window.to, time("2026-03-09T04:00:00Z"));
        // At midnight of this day clocks were put forward to one o'clock.
        let beirut = calendar(chrono_tz::Asia::Beirut);
        let window = beirut.window(day("2026-03-28"), time("2026-04-01T00:00:00Z"));
        assert_eq!(window.to, time("2026-03-28T22:00:00Z"));
    }
}
