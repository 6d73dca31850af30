//! Doing together what waits together: the more is asked for at the same time, the less each of it costs.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::Error;

/// What may wait. Beyond it, whoever comes is told at once.
const QUEUE: usize = 2_048;
/// How long somebody waits for an answer: longer than PostgreSQL lets a statement or a lock take.
const PATIENCE: Duration = Duration::from_secs(6);

/// Something to do, and whom to tell.
pub(super) struct Job<Q, A> {
    /// What to do.
    pub(super) question: Q,
    answer: oneshot::Sender<A>,
}

impl<Q, A> Job<Q, A> {
    /// Tells whoever waits; nobody may, any more.
    pub(super) fn answer(self, answer: A) {
        let _ = self.answer.send(answer);
    }
}

/// A queue, and workers who take from it everything that waits.
pub(super) struct Batcher<Q, A> {
    queue: mpsc::Sender<Job<Q, A>>,
}

impl<Q: Send + 'static, A: Send + 'static> Batcher<Q, A> {
    /// Starts `workers`, who call `work` with up to `most` jobs at a time.
    pub(super) fn start<F, Fut>(workers: usize, most: usize, work: F) -> Self
    where
        F: Fn(Vec<Job<Q, A>>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..workers {
            tokio::spawn(take(Arc::clone(&waiting), most, work.clone()));
        }
        Self { queue }
    }

    /// Has it done together with what else waits.
    pub(super) async fn ask(&self, question: Q) -> Result<A, Error> {
        let (answer, answered) = oneshot::channel();
        let queued = self.queue.try_send(Job { question, answer });
        queued.map_err(|_full| Error::Busy("too many requests wait"))?;
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        answered
            .map_err(|_elapsed| Error::Busy("it was not done in time"))?
            .map_err(|_gone| Error::Bug("a batch ended without an answer".to_owned()))
    }
}

async fn take<Q, A, F, Fut>(waiting: Arc<Mutex<mpsc::Receiver<Job<Q, A>>>>, most: usize, work: F)
where
    F: Fn(Vec<Job<Q, A>>) -> Fut,
    Fut: Future<Output = ()>,
{
    loop {
        let mut jobs = Vec::new();
        if waiting.lock().await.recv_many(&mut jobs, most).await == 0 {
            return;
        }
        // Whoever gave up was told that it may not have happened; then it better does not.
        jobs.retain(|job| !job.answer.is_closed());
        if !jobs.is_empty() {
            work(jobs).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_together_is_done_together() {
        let batcher = Arc::new(Batcher::start(1, 8, async |jobs: Vec<Job<u32, usize>>| {
            let together = jobs.len();
            tokio::time::sleep(Duration::from_millis(20)).await;
            jobs.into_iter().for_each(|job| job.answer(together));
        }));
        let asked: Vec<_> = (0..20)
            .map(|number| {
                let batcher = Arc::clone(&batcher);
                tokio::spawn(async move { batcher.ask(number).await.unwrap() })
            })
            .collect();
        let mut most = 0;
        for one in asked {
            most = most.max(one.await.unwrap());
        }
        assert_eq!(most, 8);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_done() {
        let (done, mut seen) = mpsc::unbounded_channel();
        let batcher = Arc::new(Batcher::start(1, 1, move |jobs: Vec<Job<u32, ()>>| {
            let done = done.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                for job in jobs {
                    done.send(job.question).unwrap();
                    job.answer(());
                }
            }
        }));
        let asking = Arc::clone(&batcher);
        let first = tokio::spawn(async move { asking.ask(1).await });
        tokio::time::sleep(Duration::from_millis(10)).await;
        let gone = tokio::time::timeout(Duration::from_millis(10), batcher.ask(2)).await;
        assert!(gone.is_err());
        first.await.unwrap().unwrap();
        batcher.ask(3).await.unwrap();
        assert_eq!((seen.recv().await, seen.recv().await), (Some(1), Some(3)));
    }
}
