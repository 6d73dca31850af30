//! Comparing with the provider: runs, what it said, pairs of both sides, and where they do not agree.

pub(crate) mod mismatches;
pub(crate) mod our_refunds;
pub(crate) mod ours;
pub(crate) mod report;
pub(crate) mod runs;
pub(crate) mod staged;
