//! Why a server could not be started, in words for the person at the terminal.

use std::io;
use std::path::{Path, PathBuf};

/// Why a server could not be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A program is not installed.
    #[error("{program} is not installed; on Debian: apt-get install {package}")]
    Missing {
        /// The program that was looked for.
        program: &'static str,
        /// The Debian package that brings it.
        package: &'static str,
    },
    /// The port that the caller asked for belongs to another program.
    #[error("port {port} on 127.0.0.1, wanted for {server}, is in use by another program")]
    PortTaken {
        /// The server that wanted the port.
        server: &'static str,
        /// The port asked for.
        port: u16,
    },
    /// No free port was found in the private range.
    #[error("no free port was found on 127.0.0.1 between {from} and {to}")]
    NoFreePort {
        /// The first port tried.
        from: u16,
        /// The port after the last one tried.
        to: u16,
    },
    /// The server ended while it was starting.
    #[error("{server} ended while starting ({status}); the end of {}:\n{tail}", log.display())]
    Ended {
        /// The server that ended.
        server: &'static str,
        /// How it ended.
        status: String,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// The server runs but does not answer.
    #[error("{server} does not answer after {seconds} s; the end of {}:\n{tail}", log.display())]
    Silent {
        /// The server that does not answer.
        server: &'static str,
        /// How long was waited.
        seconds: u64,
        /// Its log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// A helping program (`initdb`, `rabbitmqctl`) failed.
    #[error("{program} failed ({status}): {output}")]
    Helper {
        /// The program that failed.
        program: &'static str,
        /// How it ended.
        status: String,
        /// What it printed.
        output: String,
    },
    /// PostgreSQL refuses to run as root, and the user that its package makes is missing.
    #[error("PostgreSQL does not run as root and there is no user `{user}`; install postgresql")]
    NoSuchUser {
        /// The missing user.
        user: &'static str,
    },
    /// The log that was kept ends before the moment to which a server should be restored.
    #[error("what was kept ends before that{}", last.as_ref().map_or_else(String::new, |last| format!("; the last transaction in it is of {last}")))]
    TooLate {
        /// The time of the last transaction that is there, in PostgreSQL's words, if there is one.
        last: Option<String>,
    },
    /// PostgreSQL does not bring its write-ahead log into the archive.
    #[error("PostgreSQL did not archive {segment}; the end of {} says why", log.display())]
    NotArchived {
        /// The segment that was waited for.
        segment: String,
        /// The server's log file.
        log: PathBuf,
    },
    /// A file or process operation failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl StackError {
    /// Turns an [`io::Error`] into a [`StackError`] that says what was being done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// The same for an operation on one path.
    pub(crate) fn at(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(format!("cannot {verb} {}", path.display()))
    }
}
