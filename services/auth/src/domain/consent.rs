//! What a person can allow beyond what the shop needs to serve them.

/// One thing to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConsentType {
    /// Mails about offers.
    Marketing,
    /// Measuring how the shop is used.
    Analytics,
    /// Cookies that are not needed to buy.
    Cookies,
}

impl ConsentType {
    /// Every type.
    pub(crate) const ALL: [Self; 3] = [Self::Marketing, Self::Analytics, Self::Cookies];

    /// The name on the wire and in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Analytics => "analytics",
            Self::Cookies => "cookies",
        }
    }

    /// The type with this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|consent_type| consent_type.name() == name)
    }
}
