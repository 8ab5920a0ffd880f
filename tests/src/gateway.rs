//! A whole gateway in this process, for tests that come to it from outside.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use countersign_gateway::config::Config;
use countersign_gateway::directory::{self, Directory};
use countersign_gateway::mail::MailOutbox;
use countersign_gateway::{Gateway, Metrics, Outboxes, Parts, Passwords, app, demo};
use countersign_host::Countersign;
use countersign_host::clock::{Clock, ClockError, FixedClock};
use countersign_host::keyring::LocalKeyring;
use countersign_host::random::SystemRandom;
use countersign_host::sms::Outbox;
use countersign_host::store::{Database, MemoryStore};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::subject::Component;

/// A gateway on a loopback port, with the people of the demo and a clock of the test's.
///
/// Everything of it is in memory, and gone with it. It must be used on the runtime that it was started on.
pub struct Site {
    /// The gateway.
    pub gateway: Gateway,
    /// Its time, which stands still.
    pub clock: FixedClock,
    /// The text messages that it sent.
    pub texts: Outbox,
    /// The mails that it sent.
    pub mails: MailOutbox,
    address: SocketAddr,
    stopping: Arc<Notify>,
    task: JoinHandle<()>,
}

/// What a gateway stands on. Several gateways are one service if they stand on the same databases, at one time.
#[derive(Clone)]
pub struct Ground {
    /// The plugin's store.
    pub store: Arc<dyn Database>,
    /// The people.
    pub directory: Arc<dyn Directory>,
    /// The time, which stands still.
    pub clock: FixedClock,
}

impl Site {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// Why it cannot be started.
    pub async fn start() -> Result<Self, String> {
        Self::start_with(|_| {}).await
    }

    /// Starts one whose settings were changed.
    ///
    /// # Errors
    ///
    /// Why it cannot be started.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Result<Self, String> {
        let site = Self::start_on(Ground::in_memory().await?, change).await?;
        site.seed().await?;
        Ok(site)
    }

    /// Starts one on databases that others use too, and where nobody is unless they are there already.
    ///
    /// # Errors
    ///
    /// Why it cannot be started.
    pub async fn start_on(
        ground: Ground,
        change: impl FnOnce(&mut Config),
    ) -> Result<Self, String> {
        Self::start_of(ground, change, |_| {}).await
    }

    /// Starts one with other parts than these: what fails, or is slower, or is watched.
    ///
    /// # Errors
    ///
    /// Why it cannot be started.
    pub async fn start_of(
        ground: Ground,
        change: impl FnOnce(&mut Config),
        alter: impl FnOnce(&mut Parts),
    ) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(told)?;
        let address = listener.local_addr().map_err(told)?;
        let text = format!(
            "public-url = \"http://localhost:{}\"\nissuer = \"Acme\"\nstore = \"sqlite:none\"\nkeys = \"env:NONE\"\n\
             directory = \"sqlite:none\"\n",
            address.port()
        );
        let mut config = Config::parse(Path::new("site.toml"), &text, []).map_err(told)?;
        change(&mut config);
        let Ground {
            store,
            directory,
            clock,
        } = ground;
        let outboxes = Outboxes {
            texts: Outbox::in_country("ES"),
            mails: MailOutbox::default(),
        };
        let Outboxes { texts, mails } = outboxes.clone();
        let mut parts = parts(store, directory, Arc::new(clock.clone()), outboxes, config)?;
        alter(&mut parts);
        let gateway = Gateway::new(parts);
        let served = app(gateway.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let stopping = Arc::new(Notify::new());
        let stop = stopping.clone();
        let task = tokio::spawn(async move {
            // It ends with the test.
            let _ = axum::serve(listener, served)
                .with_graceful_shutdown(async move { stop.notified().await })
                .await;
        });
        Ok(Self {
            gateway,
            clock,
            texts,
            mails,
            address,
            stopping,
            task,
        })
    }

    /// Adds the companies and people of the demo, all with [`PASSWORD`].
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn seed(&self) -> Result<(), String> {
        let seeded = demo::seed(&self.gateway, PASSWORD).await;
        seeded.map_err(|refusal| refusal.message)
    }

    /// Stops answering, also on connections that are open.
    pub async fn stop(&mut self) {
        self.stopping.notify_one();
        let _ = (&mut self.task).await;
    }

    /// Returns the address that browsers use, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        self.gateway.config.public_url.clone()
    }

    /// Returns where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Ground {
    /// Makes one that is gone with it.
    ///
    /// # Errors
    ///
    /// Why it cannot be made.
    pub async fn in_memory() -> Result<Self, String> {
        Ok(Self {
            store: Arc::new(MemoryStore::new()),
            directory: directory::open("memory:").await.map_err(told)?,
            clock: FixedClock::at(NOW),
        })
    }
}

/// Makes the parts of a gateway: the real component, a key that everybody knows, and outboxes for whatever is sent.
///
/// # Errors
///
/// Why they do not fit together.
pub fn parts(
    store: Arc<dyn Database>,
    directory: Arc<dyn Directory>,
    clock: Arc<dyn Clock>,
    outboxes: Outboxes,
    config: Config,
) -> Result<Parts, String> {
    let mfa = Countersign::builder(Component::plugin_within(Component::limits()))
        .realm(&config.realm)
        .store(store.clone())
        .keyring(LocalKeyring::from_key([7; 32]))
        .sms(outboxes.texts.clone())
        .clock(Shown(clock.clone()))
        .build()
        .map_err(told)?;
    Ok(Parts {
        mfa,
        store,
        directory,
        mailer: Arc::new(outboxes.mails.clone()),
        outbox: Some(outboxes),
        clock,
        random: Arc::new(SystemRandom),
        passwords: Passwords::cheap_for_tests(4),
        metrics: Metrics::default(),
        config,
    })
}

/// A clock that others show too.
pub struct Shown(pub Arc<dyn Clock>);

impl Clock for Shown {
    fn now(&self) -> Result<u64, ClockError> {
        self.0.now()
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(..)")
    }
}

impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ground(..)")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn told(error: impl fmt::Display) -> String {
    error.to_string()
}

/// The password of everybody at a [`Site`].
pub const PASSWORD: &str = "correct horse battery";

/// When a [`Site`] is opened: 21 September 2026, 14:13:20 UTC.
pub const NOW: u64 = 1_790_000_000;
