//! Comparing, for each business date, what we know with what the provider says: order and payment on our side, transactions and
//! refunds on the provider's.
//!
//! A run is a row that says how far it has come. [`worker`] carries it on step by step, one process at a time; what a step found
//! and where the next one begins commit together, behind the lease's fence, so that a run survives any crash and nobody writes
//! who has been taken for dead. The steps are [`fetch`] (lists are staged page by page), [`compare`] and [`compare_refunds`]
//! (batches of pairs are judged by `domain/reconciliation`), [`repair`] and [`close`].
//!
//! What a list shows may be old when it is judged. So nothing is reported from a list alone: where it disagrees with us, the
//! provider is asked again ([`look`]), and our row is read before and after.

pub(crate) mod begin;
mod close;
mod compare;
mod compare_refunds;
mod facts;
mod fees;
mod fetch;
mod look;
mod place;
mod repair;
pub(crate) mod report;
pub(crate) mod resolve;
mod step;
pub(crate) mod worker;

/// What audit entries name with a run's id.
const RUN: &str = "reconciliation_run";
/// What audit entries name with a mismatch's id.
const MISMATCH: &str = "reconciliation_mismatch";
