//! Ctrl-C, SIGTERM, and a terminal that is closed.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::output::complain;

/// What a shell shows for a program ended by SIGINT.
const EXIT_INTERRUPTED: i32 = 130;

/// The token is cancelled at the first signal; a second one ends this process at once, and its
/// children with it.
pub(in crate::commands) fn stop_on_signal() -> Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut signals = Signals::listen()?;
    let stop = token.clone();
    tokio::spawn(async move {
        signals.next().await;
        complain("Stopping; once more to stop without waiting.");
        stop.cancel();
        signals.next().await;
        // Every child dies with this process, by the kernel's hand.
        std::process::exit(EXIT_INTERRUPTED);
    });
    Ok(token)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
