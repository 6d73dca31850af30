//! All SQL. A function that takes a connection never begins a transaction.

pub(crate) mod carts;
pub(crate) mod due_carts;
pub(crate) mod known_variants;
pub(crate) mod locking;
pub(crate) mod personal_data;
mod rows;
pub(crate) mod schema;
