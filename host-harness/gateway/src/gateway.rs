//! A gateway: the plugin, the people, and what stands between.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use countersign_host::Countersign;
use countersign_host::clock::Clock;
use countersign_host::random::Random;
use countersign_host::sms::Outbox;
use countersign_host::store::Database;
use tokio::sync::OwnedSemaphorePermit;

use crate::config::Config;
use crate::directory::Directory;
use crate::mail::{MailOutbox, Mailer};
use crate::metrics::Metrics;
use crate::password::Passwords;
use crate::refusal::Refusal;
use crate::reports::Reports;

/// A gateway. Clones are cheap, and the same one.
#[derive(Clone)]
pub struct Gateway(Arc<Whole>);

struct Whole {
    parts: Parts,
    reports: Reports,
}

/// What a gateway is made of. Clock, randomness, stores and carriers are inputs, so that tests can be each of them.
pub struct Parts {
    /// The plugin, with its store, keyring and phone line.
    pub mfa: Countersign,
    /// The plugin's store, for the audit trail.
    pub store: Arc<dyn Database>,
    /// The people.
    pub directory: Arc<dyn Directory>,
    /// What sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// Where text messages and mails stay that go to nobody; the outbox page shows them. None where they go out.
    pub outbox: Option<Outboxes>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Passwords.
    pub passwords: Passwords,
    /// What is counted.
    pub metrics: Metrics,
    /// What an operator set.
    pub config: Config,
}

/// Messages that go to nobody.
#[derive(Clone, Debug)]
pub struct Outboxes {
    /// Text messages.
    pub texts: Outbox,
    /// Mails.
    pub mails: MailOutbox,
}

impl Gateway {
    /// Puts a gateway together. Nothing listens yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Whole {
            parts,
            reports: Reports::default(),
        }))
    }

    /// Waits for a place for a report about all of a company's people, until what it returns is dropped. A request takes one
    /// at most.
    pub(crate) async fn report(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        self.0.reports.begin().await
    }

    /// Closes the plugin's store and the directory for good, as the last thing before the process ends: each is then whole
    /// where it lies, a file without a log beside it. What is asked from then on is unavailable.
    pub async fn close(&self) {
        let (store, directory) = tokio::join!(self.store.close(), self.directory.close());
        let stores = [
            ("store", store.map_err(|error| error.to_string())),
            ("directory", directory.map_err(|error| error.to_string())),
        ];
        for (name, closed) in stores {
            if let Err(why) = closed {
                tracing::warn!(target: "countersign::gateway", name, why, "not closed: copy its -wal with the file");
            }
        }
    }

    /// Returns the time, by which everything in one request is judged.
    pub(crate) fn now(&self) -> Result<u64, Refusal> {
        self.clock.now().map_err(|_| Refusal::unavailable())
    }
}

impl Deref for Gateway {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gateway(..)")
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts(..)")
    }
}
