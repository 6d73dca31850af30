//! Running something asynchronous to its end from anywhere.

use std::future::Future;
use std::thread;

/// Runs `work` on a runtime and a thread of its own and waits for it, whether or not the caller is
/// inside a runtime.
pub(crate) fn run<T: Send, F: Future<Output = T>>(work: impl FnOnce() -> F + Send) -> T {
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            // Migrations block inside their future, which only a multi-threaded runtime allows.
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(work())
        });
        match worker.join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
