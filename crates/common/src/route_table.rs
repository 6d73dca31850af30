//! One URL table, read twice: to serve requests, and to describe the operations.

/// Makes two modules of the functions in it: `served`, for the application, and `described`, for the OpenAPI document.
///
/// Describing an operation takes memory that serving it does not need, and every worker thread serves the whole table.
/// Inside, `scope` and `config.service(…)` are actix's in the one module and utoipa's in the other.
#[macro_export]
macro_rules! route_table {
    ($($(#[$note:meta])* fn $name:ident($config:ident) $body:block)+) => {
        /// The table as actix serves it.
        pub(crate) mod served {
            use super::*;
            use actix_web::web::{ServiceConfig, scope};
            $($(#[$note])* pub(crate) fn $name($config: &mut ServiceConfig) $body)+
        }

        /// The table as the OpenAPI document shows it.
        pub(crate) mod described {
            use super::*;
            use utoipa_actix_web::{scope::scope, service_config::ServiceConfig};
            $($(#[$note])* pub(crate) fn $name($config: &mut ServiceConfig<'_>) $body)+
        }
    };
}
