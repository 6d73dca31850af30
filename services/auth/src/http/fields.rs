//! Turning a request's fields into values that cannot be wrong, and telling of all that are.

use std::fmt::Display;

use common::ApiError;
use common::error::Detail;

/// Collects what is wrong with a request's fields.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<Detail>);

impl Fields {
    /// The value of a field, or `None` and a note of what is wrong with it.
    pub(crate) fn check<T, E: Display>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value
            .map_err(|problem| {
                self.0.push(Detail {
                    field: field.to_owned(),
                    message: problem.to_string(),
                });
            })
            .ok()
    }

    /// [`Fields::check`] for a field that may be absent.
    pub(crate) fn check_optional<T, E: Display>(
        &mut self,
        field: &str,
        value: Option<Result<T, E>>,
    ) -> Option<Option<T>> {
        value.map_or(Some(None), |value| self.check(field, value).map(Some))
    }

    /// 400 with every field that is wrong.
    pub(crate) fn refuse(self) -> ApiError {
        ApiError::validation(self.0)
    }
}
