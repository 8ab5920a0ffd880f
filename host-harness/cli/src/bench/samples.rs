//! What was measured of one thing.

use std::time::Duration;

/// How long each took.
#[derive(Debug, Default)]
pub(super) struct Samples {
    times: Vec<Duration>,
    /// From the first to the last.
    took: Duration,
}

impl Samples {
    pub(super) fn note(&mut self, time: Duration) {
        self.times.push(time);
    }

    /// Puts those of clients together that went on at the same time for `took`.
    pub(super) fn of(clients: Vec<Self>, took: Duration) -> Self {
        let mut times: Vec<Duration> = clients.into_iter().flat_map(|it| it.times).collect();
        times.sort_unstable();
        Self { times, took }
    }

    pub(super) fn a_second(&self) -> f64 {
        let count = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        f64::from(count) / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Returns the time that so many of a hundred took at most.
    pub(super) fn percentile(&self, of_a_hundred: usize) -> Duration {
        let last = self.times.len().saturating_sub(1);
        let at = last.saturating_mul(of_a_hundred).div_ceil(100);
        self.times.get(at).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_all_clients() {
        let client = |times: &[u64]| {
            let mut samples = Samples::default();
            for it in times {
                samples.note(Duration::from_millis(*it));
            }
            samples
        };
        let all = Samples::of(vec![client(&[3, 1]), client(&[2])], Duration::from_secs(1));
        assert_eq!(all.percentile(50), Duration::from_millis(2));
        assert_eq!(all.percentile(99), Duration::from_millis(3));
        assert!((all.a_second() - 3.0).abs() < 1e-9);
        assert_eq!(Samples::default().percentile(99), Duration::ZERO);
    }
}
