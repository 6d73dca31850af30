//! The edge: one endpoint per file.

pub(crate) mod change_stock;
pub(crate) mod change_stock_item;
pub(crate) mod commit_reservation;
mod error;
pub(crate) mod extend_reservation;
pub(crate) mod get_inventory_stats;
pub(crate) mod get_personal_data;
pub(crate) mod get_reservation;
pub(crate) mod get_stock_item;
pub(crate) mod import_stock;
pub(crate) mod list_low_stock;
pub(crate) mod list_movements;
pub(crate) mod list_stock_items;
mod movement;
pub(crate) mod release_reservation;
mod reservation;
pub(crate) mod reserve_stock;
mod stock_item;
