//! Which mails there are.

use std::fmt;
use std::str::FromStr;

use events::auth::MailKind;

/// A kind of mail: its name is that of its files under `templates/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Template(MailKind);

impl Template {
    /// Every template.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        MailKind::ALL.into_iter().map(Self)
    }

    /// The name in files, JSON, SQL and the provider's keys.
    pub(crate) fn name(self) -> &'static str {
        self.0.as_str()
    }

    /// Whether it goes to somebody who has just been forgotten: it is sent all the same, and the address is dropped as
    /// soon as it has left.
    pub(crate) fn is_goodbye(self) -> bool {
        self.0 == MailKind::AccountErased
    }
}

impl From<MailKind> for Template {
    fn from(kind: MailKind) -> Self {
        Self(kind)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the name of a template")]
pub(crate) struct UnknownTemplate;

impl FromStr for Template {
    type Err = UnknownTemplate;

    fn from_str(text: &str) -> Result<Self, UnknownTemplate> {
        MailKind::parse(text).map(Self).ok_or(UnknownTemplate)
    }
}
