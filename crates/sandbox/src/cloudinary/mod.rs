//! Cloudinary's delivery: `GET /cloudinary/agape/image/upload/…`, for the pictures of the seeded goods.
//!
//! [`delivery`] is a request from beginning to end; [`asset`] reads its path and [`transformation`] the size in it.
//! [`picture`] draws. Nothing is kept: a picture follows from the product's name, category and colours alone.

pub mod asset;
pub mod delivery;
pub mod error;
pub mod picture;
pub mod transformation;
