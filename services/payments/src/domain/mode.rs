//! Whether real money is moved.

use std::fmt;

/// Which of the provider's two worlds a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nobody pays anything.
    Test,
    /// Real money.
    Live,
}

impl Mode {
    /// The world that a secret key belongs to; none for what is no secret key.
    pub fn of_key(key: &str) -> Option<Self> {
        if key.starts_with("sk_test_") {
            Some(Self::Test)
        } else if key.starts_with("sk_live_") {
            Some(Self::Live)
        } else {
            None
        }
    }

    /// The word for it in the provider's `domain` fields.
    pub fn domain(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_world() {
        assert_eq!(Mode::of_key("sk_test_abc"), Some(Mode::Test));
        assert_eq!(Mode::of_key("sk_live_abc"), Some(Mode::Live));
        for wrong in ["", "pk_test_abc", "sk_TEST_abc", " sk_test_abc", "whsec_x"] {
            assert_eq!(Mode::of_key(wrong), None, "{wrong}");
        }
    }
}
