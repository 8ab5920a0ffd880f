//! Places for reports about all of a company's people.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::refusal::Refusal;

/// Places for reports. Each report asks the plugin up to thousands of times, so that many at once would keep everybody else
/// from signing in.
pub(crate) struct Reports {
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Reports {
    fn new(places: usize, patience: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            patience,
        }
    }

    /// Waits for a place, which is taken until what this returns is dropped.
    ///
    /// # Errors
    ///
    /// The refusal of a gateway that is busy, if there is no place for a while.
    pub(crate) async fn begin(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = Arc::clone(&self.places).acquire_owned();
        match timeout(self.patience, place).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Refusal::busy()),
        }
    }
}

impl Default for Reports {
    fn default() -> Self {
        Self::new(AT_ONCE, PATIENCE)
    }
}

/// Reports at once. Each asks for a few people at a time.
const AT_ONCE: usize = 4;
/// Most reports are of small companies, and over by then.
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_report_beyond_the_places_is_refused_as_busy_until_one_ends() {
        let reports = Reports::new(2, Duration::ZERO);
        let first = reports.begin().await.unwrap();
        let _second = reports.begin().await.unwrap();
        let refusal = reports.begin().await.unwrap_err();
        assert_eq!((refusal.status.as_u16(), refusal.code), (503, "busy"));
        drop(first);
        drop(reports.begin().await.unwrap());
    }

    #[tokio::test]
    async fn a_report_waits_for_its_place() {
        let reports = Reports::new(1, Duration::from_secs(60));
        let first = reports.begin().await.unwrap();
        let (second, ()) = tokio::join!(reports.begin(), async { drop(first) });
        drop(second.unwrap());
    }
}
