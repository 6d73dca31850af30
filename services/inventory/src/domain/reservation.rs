//! A reservation's life: every state meets every command with an answer.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::ids::OrderId;
use super::lines::Lines;

/// Where a reservation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its units are held.
    Active,
    /// Its units are sold.
    Committed,
    /// Given back on purpose; nothing is held for this order ever again.
    Released,
    /// Its time was over. It may be taken again.
    Expired,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Active, Self::Committed, Self::Released, Self::Expired];

    /// The name in JSON and SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}

/// The text names no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of active, committed, released, expired")]
pub struct UnknownState;

impl FromStr for State {
    type Err = UnknownState;
    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or(UnknownState)
    }
}

/// What an order holds, or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// Whose it is.
    pub order: OrderId,
    /// Where it stands.
    pub state: State,
    /// None in a release that came before its reservation.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it was extended; that is done once.
    pub is_extended: bool,
    /// Sold although the hold had ended.
    pub is_reallocated: bool,
    /// What is or was held.
    pub lines: Lines,
}

/// What selling does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// The held units are sold.
    Held,
    /// The hold is over, and units are sold that nobody else holds.
    FromShelf,
    /// The hold is over and not all of it is left: the order is given up, so that asking again answers the same.
    GiveUp,
    /// It was sold before.
    Already,
    /// There is nothing that could be sold.
    Unavailable,
}

/// What giving back does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// The held units are for sale again.
    Held,
    /// Nothing was held, and nothing ever will be.
    Bar,
    /// It was given back before.
    Already,
    /// It is sold; that is not undone here.
    Refused,
}

/// What waiting longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extend {
    /// The hold lasts longer.
    Once,
    /// It was extended before.
    Already,
    /// Nothing is held.
    Refused,
}

/// Decides a commit; `None` is an order that was never heard of. `is_left` is whether all it wants could be held again.
pub fn commit(state: Option<State>, is_left: bool) -> Commit {
    match state {
        // Also after its time: what the sweeper has not taken yet is still held.
        Some(State::Active) => Commit::Held,
        Some(State::Expired) if is_left => Commit::FromShelf,
        Some(State::Expired) => Commit::GiveUp,
        Some(State::Committed) => Commit::Already,
        Some(State::Released) | None => Commit::Unavailable,
    }
}

/// Decides a release; `None` is an order that was never heard of.
pub fn release(state: Option<State>) -> Release {
    match state {
        Some(State::Active) => Release::Held,
        // A reservation that was overtaken by its release must hold nothing.
        Some(State::Expired) | None => Release::Bar,
        Some(State::Released) => Release::Already,
        Some(State::Committed) => Release::Refused,
    }
}

/// Decides an extension.
pub fn extend(state: State, is_extended: bool) -> Extend {
    match (state, is_extended) {
        (State::Active, false) => Extend::Once,
        (State::Active, true) => Extend::Already,
        (State::Committed | State::Released | State::Expired, _) => Extend::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_meets_every_command() {
        use State::{Active, Committed, Expired, Released};
        let table = [
            (None, Commit::Unavailable, Release::Bar),
            (Some(Active), Commit::Held, Release::Held),
            (Some(Committed), Commit::Already, Release::Refused),
            (Some(Released), Commit::Unavailable, Release::Already),
            (Some(Expired), Commit::FromShelf, Release::Bar),
        ];
        for (state, committed, released) in table {
            assert_eq!(commit(state, true), committed, "{state:?}");
            assert_eq!(release(state), released, "{state:?}");
        }
        assert_eq!(commit(Some(Expired), false), Commit::GiveUp);
        assert_eq!(commit(Some(Active), false), Commit::Held);
        assert_eq!(extend(Active, false), Extend::Once);
        assert_eq!(extend(Active, true), Extend::Already);
        for closed in [Committed, Released, Expired] {
            for is_extended in [false, true] {
                assert_eq!(extend(closed, is_extended), Extend::Refused, "{closed:?}");
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for state in State::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
        assert_eq!("held".parse::<State>(), Err(UnknownState));
    }
}
