//! agape.
