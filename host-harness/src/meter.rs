//! How long a plugin's own code has run.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};

/// A stop-watch that runs while the plugin's code runs: inside a poll of the call's future, and not inside the host.
///
/// A call is polled by one thread at a time, so that the counters need no order among themselves.
#[derive(Debug)]
pub(crate) struct Meter {
    origin: Instant,
    /// Nanoseconds that the plugin's code ran, without the running stretch.
    spent: AtomicU64,
    /// Nanoseconds after `origin` at which the running stretch began; [`STOPPED`] if it does not run.
    since: AtomicU64,
    in_host: AtomicBool,
}

/// Time in the host; ends when it is dropped.
#[derive(Debug)]
pub(crate) struct InHost(Arc<Meter>);

impl Meter {
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            spent: AtomicU64::new(0),
            since: AtomicU64::new(STOPPED),
            in_host: AtomicBool::new(false),
        }
    }

    /// Returns how long the plugin's code ran so far.
    pub(crate) fn guest_time(&self) -> Duration {
        let running = match self.since.load(Relaxed) {
            STOPPED => 0,
            since => self.now().saturating_sub(since),
        };
        Duration::from_nanos(self.spent.load(Relaxed).saturating_add(running))
    }

    /// Returns how long ago the call began.
    pub(crate) fn call_time(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Runs `work`, counting the time of its polls.
    pub(crate) async fn watch<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            if !self.in_host.load(Relaxed) {
                self.resume();
            }
            let poll: Poll<F::Output> = work.as_mut().poll(context);
            if !self.in_host.load(Relaxed) {
                self.pause();
            }
            poll
        })
        .await
    }

    /// Stops the watch until the guard is dropped.
    pub(crate) fn enter_host(self: &Arc<Self>) -> InHost {
        self.pause();
        self.in_host.store(true, Relaxed);
        InHost(Arc::clone(self))
    }

    fn resume(&self) {
        self.since.store(self.now(), Relaxed);
    }

    fn pause(&self) {
        let since = self.since.swap(STOPPED, Relaxed);
        if since != STOPPED {
            self.spent
                .fetch_add(self.now().saturating_sub(since), Relaxed);
        }
    }

    fn now(&self) -> u64 {
        // A u64 of nanoseconds lasts 584 years.
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(STOPPED - 1)
    }
}

impl Drop for InHost {
    fn drop(&mut self) {
        self.0.in_host.store(false, Relaxed);
        self.0.resume();
    }
}

const STOPPED: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_does_not_count_and_neither_does_the_host() {
        let meter = Arc::new(Meter::new());
        let pause = Duration::from_millis(60);
        meter
            .watch(async {
                let host = meter.enter_host();
                std::thread::sleep(pause);
                tokio::time::sleep(pause).await;
                drop(host);
                std::thread::sleep(pause);
            })
            .await;
        assert!(meter.guest_time() >= pause);
        // However long the machine slept: at least two pauses of it were not the plugin's.
        assert!(meter.guest_time() + pause * 2 <= meter.call_time());
    }
}
