//! Doing together what waits together: the more is asked for at the same time, the less each of it costs.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// What may wait. Beyond it, whoever comes is told at once.
const QUEUE: usize = 2_048;
/// How long somebody waits for an answer: longer than PostgreSQL lets a statement or a lock take.
const PATIENCE: Duration = Duration::from_secs(6);

/// Why something was not done, or not for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// It was not begun: too much waits.
    #[error("too many requests wait")]
    Full,
    /// It was not done in time.
    #[error("it was not done in time")]
    Late,
    /// Whoever took it ended without an answer, which is a bug.
    #[error("a batch ended without an answer")]
    Lost,
}

/// Something to do, and whom to tell.
#[derive(Debug)]
pub struct Job<Q, A> {
    /// What to do.
    pub question: Q,
    answer: oneshot::Sender<A>,
}

impl<Q, A> Job<Q, A> {
    /// Tells whoever waits; nobody may, any more.
    pub fn answer(self, answer: A) {
        let _ = self.answer.send(answer);
    }
}

/// A queue, and workers who take from it everything that waits.
#[derive(Debug)]
pub struct Batcher<Q, A> {
    queue: mpsc::Sender<Job<Q, A>>,
}

impl<Q: Send + 'static, A: Send + 'static> Batcher<Q, A> {
    /// Starts `workers` on the runtime that this is called on, who call `work` with up to `most` jobs at a time.
    pub fn start<F, Fut>(workers: usize, most: usize, work: F) -> Self
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
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn ask(&self, question: Q) -> Result<A, Unanswered> {
        let (answer, answered) = oneshot::channel();
        let queued = self.queue.try_send(Job { question, answer });
        queued.map_err(|_full| Unanswered::Full)?;
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        answered
            .map_err(|_elapsed| Unanswered::Late)?
            .map_err(|_gone| Unanswered::Lost)
    }
}

impl<Q, A, E> Batcher<Q, Result<A, E>>
where
    Q: Clone + Send + Sync + 'static,
    A: Send + 'static,
    E: Send + 'static,
{
    /// Starts one worker, who calls `work` with up to `most` questions at a time; `work` answers each, in their order. Where it
    /// fails, it is called for each question alone, so that a bad one does no harm to the others. What comes within `gather` of
    /// the last batch is taken together; a question that comes alone waits for nothing.
    pub fn all_or_each<F, Fut>(most: usize, gather: Duration, work: F) -> Self
    where
        F: Fn(Vec<Q>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<A>, E>> + Send + 'static,
    {
        Self::start(1, most, move |jobs: Vec<_>| {
            let (work, is_full) = (work.clone(), jobs.len() == most);
            async move {
                let next = Instant::now() + gather;
                all_or_each(jobs, work).await;
                if !is_full {
                    sleep_until(next).await;
                }
            }
        })
    }
}

async fn all_or_each<Q, A, E, F, Fut>(jobs: Vec<Job<Q, Result<A, E>>>, work: F)
where
    Q: Clone,
    F: Fn(Vec<Q>) -> Fut,
    Fut: Future<Output = Result<Vec<A>, E>>,
{
    let questions = jobs.iter().map(|job| job.question.clone()).collect();
    match work(questions).await {
        Ok(answers) => jobs
            .into_iter()
            .zip(answers)
            .for_each(|(job, answer)| job.answer(Ok(answer))),
        Err(error) if jobs.len() == 1 => jobs
            .into_iter()
            .zip([error])
            .for_each(|(job, error)| job.answer(Err(error))),
        Err(_one_is_bad) => {
            let each = jobs.into_iter().map(async |job| {
                let done = work(vec![job.question.clone()]).await;
                // One without an answer is told that it is lost.
                if let Some(answer) = done.map(|answers| answers.into_iter().next()).transpose() {
                    job.answer(answer);
                }
            });
            join_all(each).await;
        }
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
            // A bug that one batch meets must not stop all that come after it; those who wait for it are told.
            let _panicked = AssertUnwindSafe(work(jobs)).catch_unwind().await;
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
    async fn a_bad_one_does_no_harm_to_the_others() {
        let batcher = Arc::new(Batcher::all_or_each(
            8,
            Duration::ZERO,
            async |numbers: Vec<u32>| {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let doubled = numbers.iter().map(|number| number.checked_mul(2));
                doubled.collect::<Option<Vec<u32>>>().ok_or("too large")
            },
        ));
        let asked = [1, u32::MAX, 3].map(|number| {
            let batcher = Arc::clone(&batcher);
            tokio::spawn(async move { batcher.ask(number).await.unwrap() })
        });
        let mut answers = Vec::new();
        for one in asked {
            answers.push(one.await.unwrap());
        }
        assert_eq!(answers, [Ok(2), Err("too large"), Ok(6)]);
    }

    #[tokio::test]
    async fn a_batch_that_panics_stops_nobody_else() {
        let batcher = Batcher::start(1, 1, async |jobs: Vec<Job<u32, u32>>| {
            for job in jobs {
                let half = 6_u32.checked_div(job.question).unwrap();
                job.answer(half);
            }
        });
        assert_eq!(batcher.ask(0).await, Err(Unanswered::Lost));
        assert_eq!(batcher.ask(2).await, Ok(3));
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
