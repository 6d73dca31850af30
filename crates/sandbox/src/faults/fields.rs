//! Values that several faults share.

use serde::{Deserialize, Deserializer};

/// Copies of one webhook at most.
const COPIES_MAX: u8 = 20;
/// The longest delay that can be asked for.
const DELAY_MS_MAX: u64 = 600_000;

/// Milliseconds within reason.
pub fn delay<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let millis = u64::deserialize(deserializer)?;
    if millis > DELAY_MS_MAX {
        let text = format!("at most {DELAY_MS_MAX} milliseconds");
        return Err(serde::de::Error::custom(text));
    }
    Ok(millis)
}

/// How many copies follow the first; `true` is one.
pub fn copies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Copies {
        Switch(bool),
        Number(u8),
    }
    let problem = || format!("true, false or a number up to {COPIES_MAX}");
    match Copies::deserialize(deserializer) {
        Ok(Copies::Switch(is_on)) => Ok(u8::from(is_on)),
        Ok(Copies::Number(number)) if number <= COPIES_MAX => Ok(number),
        _ => Err(serde::de::Error::custom(problem())),
    }
}

/// Refuses a status that is no error, and endings that exclude each other.
pub fn check_ending(
    place: &str,
    status: Option<u16>,
    hang: bool,
    drop_after_execute: bool,
) -> Result<(), String> {
    if status.is_some_and(|code| !(400..600).contains(&code)) {
        return Err(format!("{place}.status must be from 400 to 599"));
    }
    let endings = [status.is_some(), hang, drop_after_execute];
    if endings.into_iter().filter(|one| *one).count() > 1 {
        return Err(format!(
            "{place}: status, hang and dropAfterExecute exclude each other"
        ));
    }
    Ok(())
}
