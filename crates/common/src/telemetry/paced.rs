//! A writer that takes its time, so that logging costs a busy process little.

use std::io::{self, BufWriter, Stdout, Write};
use std::time::Duration;

/// How long lines are gathered after some were written.
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes gathered at most.
const BUFFER: usize = 64 * 1024;

/// Standard output, written in pieces of many lines under load.
///
/// The logging thread flushes whenever its queue is empty. Without the pause it would be woken for every single line,
/// and each would cost two switches between threads and a system call. A lone line is written at once: the pause comes
/// after it.
pub(super) struct Paced {
    out: BufWriter<Stdout>,
}

impl Paced {
    pub fn stdout() -> Self {
        Self {
            out: BufWriter::with_capacity(BUFFER, io::stdout()),
        }
    }
}

impl Write for Paced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        std::thread::sleep(PAUSE);
        Ok(())
    }
}
