//! What a gateway does beside answering: it tells people, reminds them, and tidies up.

use std::time::Duration;

use countersign_host::store::Unavailable;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::gateway::Gateway;
use crate::notifier::Notifier;
use crate::reminders::Reminders;
use crate::seconds::DAY;

/// What a gateway does beside answering, for as long as this is kept.
///
/// Several gateways of one realm may each do it: nobody is told twice.
#[derive(Debug)]
pub struct Background {
    notifier: Notifier,
    _reminders: Reminders,
    tidying: JoinHandle<()>,
}

impl Background {
    /// Starts it, on the tokio runtime that this is called on.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the store does not answer.
    pub async fn start(gateway: &Gateway) -> Result<Self, Unavailable> {
        let notifier = Notifier::start(gateway).await?;
        Ok(Self {
            notifier,
            _reminders: Reminders::start(gateway),
            tidying: tokio::spawn(tidy(gateway.clone())),
        })
    }

    /// Waits until everybody was told of all that has happened by now, and says whether they were.
    pub async fn drain(&self, at_most: Duration) -> bool {
        self.notifier.drain(at_most).await
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.tidying.abort();
    }
}

/// Deletes sessions, vouchers and counts that ended, a piece at a time.
async fn tidy(gateway: Gateway) {
    loop {
        let tidied = match gateway.clock.now() {
            Ok(now) => {
                prune(&gateway, now).await;
                let collected = gateway.directory.collect(now).await;
                collected.unwrap_or_else(|error| {
                    tracing::warn!(target: "countersign::tidy", %error, "what ended is not deleted");
                    0
                })
            }
            Err(_) => 0,
        };
        // Whatever is left, or could not be deleted, is deleted later: it counts for nothing any more.
        sleep(if tidied > 0 { SOON } else { SELDOM }).await;
    }
}

/// Deletes events that are older than the settings keep them, and that every courier has had.
async fn prune(gateway: &Gateway, now: u64) {
    let days = u64::from(gateway.config.keep_events_days);
    if days == 0 {
        return;
    }
    let before = now.saturating_sub(days.saturating_mul(DAY));
    let realm = &gateway.config.realm;
    if let Err(error) = gateway.store.prune(realm, before).await {
        tracing::warn!(target: "countersign::tidy", %error, "old events are not deleted");
    }
}

const SOON: Duration = Duration::from_secs(1);

const SELDOM: Duration = Duration::from_secs(300);
