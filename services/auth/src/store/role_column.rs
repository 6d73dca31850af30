//! Roles as the database spells them.

use common::auth::Role;

/// A `role` column; the table's CHECK allows only the names of [`Role`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoleColumn(pub(crate) Role);

impl TryFrom<String> for RoleColumn {
    type Error = <Role as std::str::FromStr>::Err;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}
