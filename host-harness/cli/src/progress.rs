//! How far a long work has come, on the error stream.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// A bar with a rate and the time that is left where somebody watches; elsewhere a line every few seconds, and none for
/// work that is soon done.
pub(crate) struct Progress {
    what: &'static str,
    total: Option<u64>,
    begun: Instant,
    bar: Option<ProgressBar>,
    /// How many are done, and when it was last said.
    said: Mutex<(u64, Instant)>,
}

impl Progress {
    /// Begins to count; what, in the plural.
    pub(crate) fn of(what: &'static str, total: Option<u64>) -> Self {
        let begun = Instant::now();
        let bar = io::stderr().is_terminal().then(|| {
            let (bar, template) = match total {
                Some(total) => (ProgressBar::new(total), BAR),
                None => (ProgressBar::no_length(), COUNT),
            };
            let style = ProgressStyle::with_template(template);
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                let done = state.pos();
                // Nothing can be done about it, and the next one comes in a moment.
                let _ = write!(out, "{} a second", per_second(done, state.elapsed()));
            };
            bar.set_style(style.with_key("rate", rate));
            bar.set_message(what);
            bar
        });
        Self {
            what,
            total,
            begun,
            bar,
            said: Mutex::new((0, begun)),
        }
    }

    /// Counts some more.
    pub(crate) fn add(&self, more: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(more);
            return;
        }
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.0 = said.0.saturating_add(more);
        if said.1.elapsed() >= BETWEEN_LINES {
            said.1 = Instant::now();
            anstream::eprintln!("{}: {}", self.what, self.far(said.0));
        }
    }

    /// Sets how many are done.
    pub(crate) fn set(&self, done: u64) {
        let known = match &self.bar {
            Some(bar) => bar.position(),
            None => self.said.lock().unwrap_or_else(PoisonError::into_inner).0,
        };
        self.add(done.saturating_sub(known));
    }

    fn far(&self, done: u64) -> String {
        let rate = per_second(done, self.begun.elapsed());
        match self.total {
            Some(total) => format!("{done} of {total}, {rate} a second"),
            None => format!("{done}, {rate} a second"),
        }
    }
}

impl Drop for Progress {
    /// Takes the bar away, or says how long it took.
    fn drop(&mut self) {
        let said = self.said.get_mut().unwrap_or_else(PoisonError::into_inner);
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None if self.begun.elapsed() >= BETWEEN_LINES => {
                let done = said.0;
                anstream::eprintln!("{}: {}", self.what, self.far(done));
            }
            None => {}
        }
    }
}

/// How many a second that is, in whole numbers.
pub(crate) fn per_second(count: u64, time: Duration) -> u64 {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1000).checked_div(millis).unwrap_or(0)
}

const BAR: &str = "{msg} {wide_bar} {pos}/{len}  {rate}  {eta} left";
const COUNT: &str = "{msg} {spinner} {pos}  {rate}";

/// Seldom enough for a log.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use indicatif::ProgressStyle;

    use super::{BAR, COUNT, per_second};

    #[test]
    fn what_a_bar_looks_like_can_be_drawn() {
        for template in [BAR, COUNT] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn a_rate_is_of_the_time_that_has_passed() {
        assert_eq!(per_second(3_000, Duration::from_millis(1_500)), 2_000);
        assert_eq!(per_second(7, Duration::ZERO), 7_000);
    }
}
