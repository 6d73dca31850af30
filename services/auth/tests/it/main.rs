//! The service as its clients meet it: over HTTP, on a real PostgreSQL and Redis.

mod app;
mod bodies;
mod change_password;
mod faults;
mod internal;
mod keys;
mod login;
mod migrations;
mod profile;
mod refresh;
mod register;
mod seeding;
mod sessions;
mod tokens;
