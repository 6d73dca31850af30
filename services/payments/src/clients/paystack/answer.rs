//! What an answer of the provider means: done, refused, or nobody knows.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::clients::gateway::{GatewayError, Refusal};

/// The longest piece of the provider's own words that is kept, in characters.
const WORDS_MAX: usize = 200;

/// What every answer is wrapped in. Everything but `status` may be missing, and `status` says whether the call was understood,
/// not whether anything is paid.
#[derive(Deserialize)]
struct Envelope<'a> {
    status: Option<bool>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
    #[serde(default, borrow)]
    meta: Option<&'a RawValue>,
}

/// Why there is nothing to be had from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The provider refused what it was asked.
    Refused(GatewayError),
    /// The provider turned the call away, for reasons of its own or of our account.
    Turned(String),
    /// Nothing reached the provider.
    NotSent(String),
    /// Nobody knows.
    Unknown(String),
}

impl Trouble {
    /// A call that did not come to an answer.
    pub(super) fn of_transport(error: reqwest::Error) -> Self {
        let is_unsent = error.is_connect() || error.is_builder();
        // Without the URL: it says nothing new.
        let cause = in_words(&error.without_url());
        if is_unsent {
            Self::NotSent(cause)
        } else {
            Self::Unknown(cause)
        }
    }
}

impl From<Trouble> for GatewayError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(error) => error,
            Trouble::Turned(cause) | Trouble::NotSent(cause) => Self::Unavailable(cause),
            Trouble::Unknown(cause) => Self::Unknown(cause),
        }
    }
}

/// Takes an answer apart.
pub(super) fn understand<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, Trouble> {
    open(status, body, |envelope| parse(envelope.data))
}

/// Takes an answer apart that says something about what it answers.
pub(super) fn understand_with<T, M>(status: u16, body: &[u8]) -> Result<(T, M), Trouble>
where
    T: DeserializeOwned,
    M: DeserializeOwned,
{
    open(status, body, |envelope| {
        Ok((parse(envelope.data)?, parse(envelope.meta)?))
    })
}

fn parse<T: DeserializeOwned>(raw: Option<&RawValue>) -> Result<T, Trouble> {
    let text = raw.map_or("null", RawValue::get);
    serde_json::from_str(text).map_err(|error| {
        Trouble::Unknown(format!("unreadable data: {}", error.classify_in_words()))
    })
}

fn open<T>(
    status: u16,
    body: &[u8],
    read: impl FnOnce(&Envelope<'_>) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let envelope = serde_json::from_slice::<Envelope<'_>>(body).ok();
    let is_understood = envelope.as_ref().and_then(|envelope| envelope.status);
    match (status, envelope) {
        (200..=299, Some(envelope)) if is_understood == Some(true) => read(&envelope),
        // A success that says it is none is no answer.
        (200..=299, Some(envelope)) => Err(Trouble::Unknown(explain(status, &envelope))),
        (401, _) => Err(Trouble::Turned("it does not take our key".to_owned())),
        (425 | 429, _) => Err(Trouble::Turned("too many requests".to_owned())),
        // A currency that the account does not have is said with 403 at times; anything else with 403 is about the account.
        (403, Some(envelope)) if !says(&envelope, "currency") => {
            Err(Trouble::Turned(explain(status, &envelope)))
        }
        // Only an error in the provider's own words is its answer; a page of a proxy in between says nothing.
        (400..=499, Some(envelope)) if is_understood == Some(false) && status != 408 => {
            Err(Trouble::Refused(GatewayError::Refused {
                why: refusal(status, &envelope),
                message: explain(status, &envelope),
            }))
        }
        (_, Some(envelope)) => Err(Trouble::Unknown(explain(status, &envelope))),
        (_, None) => Err(Trouble::Unknown(format!("{status} without an explanation"))),
    }
}

fn refusal(status: u16, envelope: &Envelope<'_>) -> Refusal {
    let code = envelope.code.as_deref().unwrap_or_default();
    if code == "duplicate_reference" || says(envelope, "duplicate transaction reference") {
        Refusal::Duplicate
    } else if code == "transaction_not_found" || status == 404 || says(envelope, "not found") {
        Refusal::NotFound
    } else if code == "transaction_reversed" || says(envelope, "fully reversed") {
        Refusal::Reversed
    } else {
        Refusal::Other
    }
}

fn says(envelope: &Envelope<'_>, words: &str) -> bool {
    let message = envelope.message.as_deref().unwrap_or_default();
    message.to_lowercase().contains(words)
}

/// The answer in a line, without the addresses that such texts may repeat.
fn explain(status: u16, envelope: &Envelope<'_>) -> String {
    let message = envelope.message.as_deref().unwrap_or("no message");
    let words = message
        .split_whitespace()
        .map(|word| if word.contains('@') { "***" } else { word });
    let words: Vec<&str> = words.collect();
    let said = format!("{status} {}", words.join(" "));
    said.chars()
        .filter(|c| !c.is_control())
        .take(WORDS_MAX)
        .collect()
}

/// What kind of mistake a text has, without repeating the text.
trait InWords {
    fn classify_in_words(&self) -> &'static str;
}

impl InWords for serde_json::Error {
    fn classify_in_words(&self) -> &'static str {
        if self.is_data() {
            "a field is missing or of another type"
        } else {
            "it is no JSON"
        }
    }
}

/// An error and what it came from.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}
