//! From settings to a gateway. If any of it fails, there is none, and nobody gets in.

mod phone;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_host::clock::{Clock, SystemClock};
use countersign_host::fault::Fault;
use countersign_host::keyring::{LocalKeyring, claim};
use countersign_host::random::{Random, SystemRandom};
use countersign_host::signature::PublicKey;
use countersign_host::store::{self, Database, KeyNotes};
use countersign_host::{Countersign, LoadError, Plugin};

use crate::config::{Address, Config};
use crate::directory::{self, Directory};
use crate::gateway::{Gateway, Outboxes, Parts};
use crate::log;
use crate::mail::{Mail, MailError, MailId, MailOutbox, Mailer, SmtpMailer};
use crate::metrics::{Build, MailOutcome, Metrics};
use crate::operations;
use crate::password::Passwords;

/// What a gateway is given beside its settings.
pub struct Beside {
    /// Passwords.
    pub passwords: Passwords,
    /// For demonstrations: where text messages and mails stay that go to nobody. **Whoever sees them is let in.**
    pub outboxes: Option<Outboxes>,
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beside(..)")
    }
}

/// What settings name, opened, and found to belong together.
pub struct Opened {
    /// The plugin.
    pub plugin: Plugin,
    /// The keys.
    pub keyring: LocalKeyring,
    /// The plugin's store.
    pub store: Arc<dyn Database>,
    /// The people.
    pub directory: Arc<dyn Directory>,
    /// Whether nothing of the realm was in the store.
    pub is_new: bool,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened(..)")
    }
}

/// A gateway that can serve.
#[derive(Clone, Debug)]
pub struct Started {
    /// The gateway.
    pub gateway: Gateway,
    /// What it was made of.
    pub build: Build,
}

/// What keeps a gateway from starting.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{key}: {why}")]
pub struct StartError {
    /// The setting.
    pub key: &'static str,
    /// Why; no secret is in it.
    pub why: String,
}

impl StartError {
    /// Says which setting cannot be used.
    pub fn new(key: &'static str, why: impl fmt::Display) -> Self {
        Self {
            key,
            why: why.to_string(),
        }
    }
}

/// Opens what the settings name. Files of stores that are not there are made.
///
/// Nothing is noted in the store: that is for [`start`].
///
/// # Errors
///
/// [`StartError`] with the setting that it is about.
pub async fn open(config: &Config) -> Result<Opened, StartError> {
    let plugin = plugin(config).await?;
    let keyring = config.keys.load().await;
    let keyring = keyring.map_err(|error| StartError::new("keys", error))?;
    let store = store::open(config.store.as_str()).await;
    let store = store.map_err(|error| StartError::new("store", error))?;
    let directory = directory::open(config.directory.as_str()).await;
    let directory = directory.map_err(|error| StartError::new("directory", error))?;
    let notes = store.key_notes(&config.realm).await;
    let notes = notes.map_err(|error| StartError::new("store", error))?;
    Ok(Opened {
        plugin,
        keyring,
        store,
        directory,
        is_new: notes == KeyNotes::default(),
    })
}

/// Opens what the settings name, and puts a gateway together that was seen to work.
///
/// The first start with a store notes in it which keys are its own; that is believed for ever.
///
/// # Errors
///
/// [`StartError`] with the setting that it is about. Do not serve then.
pub async fn start(config: Config, beside: Beside) -> Result<Started, StartError> {
    let opened = open(&config).await?;
    let claimed = claim(&*opened.store, &config.realm, &opened.keyring).await;
    claimed.map_err(|error| StartError::new("keys", error))?;
    // Of a demonstration that is what is expected.
    if opened.is_new && beside.outboxes.is_none() {
        tracing::warn!(
            target: "countersign::start",
            realm = config.realm,
            store = %config.store,
            "the store had nothing of this realm: if it should have, end this now and look at `store` and `realm`"
        );
    }
    let gateway = assemble(config, beside, opened)?;
    let build = build(&gateway).await?;
    let failing = operations::failing(&gateway, &operations::Writes::default()).await;
    warn_of_no_policy(&gateway).await;
    match failing.first() {
        None => Ok(Started { gateway, build }),
        Some(first) => Err(StartError::new(setting_of(first), "it does not answer")),
    }
}

/// Without a default policy whoever has a company without one, or no company, cannot sign in: the first operator, for one.
async fn warn_of_no_policy(gateway: &Gateway) {
    if matches!(gateway.mfa.policy().get("*").await, Ok(None)) && gateway.outbox.is_none() {
        tracing::warn!(
            target: "countersign::start",
            "there is NO DEFAULT POLICY: operators, and people of companies without a policy, cannot sign in. Make one: \
             countersign policy put '*' FILE --new"
        );
    }
}

/// Puts a gateway together from what was opened. Nothing is called.
fn assemble(config: Config, beside: Beside, opened: Opened) -> Result<Gateway, StartError> {
    let metrics = Metrics::default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let Beside {
        passwords,
        outboxes,
    } = beside;
    let counted = metrics.clone();
    let faults = move |fault: &Fault| {
        counted.fault(fault);
        log::fault(fault);
    };
    let texts = outboxes.as_ref().map(|it| &it.texts);
    let mfa = Countersign::builder(opened.plugin)
        .realm(&config.realm)
        .store(opened.store.clone())
        .keyring(opened.keyring)
        .sms(phone::line(&config, &opened.store, texts, &metrics)?)
        .faults(faults)
        .calls(metrics.clone())
        .build()
        .map_err(|error| StartError::new("realm", error))?;
    let carrier: Arc<dyn Mailer> = match (&config.mail, &outboxes) {
        (Some(server), _) => {
            let made = SmtpMailer::new(server, clock.clone(), random.clone());
            Arc::new(made.map_err(|error| StartError::new("mail", error))?)
        }
        (None, Some(outboxes)) => Arc::new(outboxes.mails.clone()),
        (None, None) => {
            tracing::warn!(
                target: "countersign::start",
                "no [mail]: NOBODY is told of what is done to their account"
            );
            Arc::new(MailOutbox::default())
        }
    };
    let taken = match config.mail {
        Some(_) => MailOutcome::Sent,
        None => MailOutcome::Kept,
    };
    let mailer = Arc::new(CountedMailer {
        carrier,
        metrics: metrics.clone(),
        taken,
    });
    Ok(Gateway::new(Parts {
        mfa,
        store: opened.store,
        directory: opened.directory,
        mailer,
        outbox: outboxes,
        clock,
        random,
        passwords,
        metrics,
        config,
    }))
}

/// Counts mails by what the carrier said of them.
struct CountedMailer {
    carrier: Arc<dyn Mailer>,
    metrics: Metrics,
    taken: MailOutcome,
}

impl CountedMailer {
    fn count(&self, sent: Result<(), MailError>) -> Result<(), MailError> {
        self.metrics.mail(match &sent {
            Ok(()) => self.taken,
            Err(_) => MailOutcome::Failed,
        });
        sent
    }
}

#[async_trait]
impl Mailer for CountedMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.count(self.carrier.send(mail).await)
    }

    async fn send_as(&self, id: &MailId, mail: &Mail) -> Result<(), MailError> {
        self.count(self.carrier.send_as(id, mail).await)
    }
}

/// Loads the plugin: the file of the settings, or the component that was built with the command.
async fn plugin(config: &Config) -> Result<Plugin, StartError> {
    let settings = config.plugin.clone();
    // It compiles for seconds.
    match tokio::task::spawn_blocking(move || load(settings)).await {
        Ok(loaded) => loaded,
        Err(_) => Err(StartError::new("plugin.file", "loading it was ended")),
    }
}

fn load(settings: crate::config::Plugin) -> Result<Plugin, StartError> {
    let crate::config::Plugin {
        file,
        sha256,
        signed_by,
        cache,
    } = settings;
    let mut builder = Plugin::builder();
    if let Some(digest) = sha256 {
        builder = builder.pin(digest);
    }
    for path in signed_by {
        let key = PublicKey::read(&path).map_err(|error| {
            let path = path.display();
            StartError::new("plugin.signed-by", format!("{path}: {error}"))
        })?;
        builder = builder.signed_by(key);
    }
    if let Some(cache) = cache {
        builder = builder.cache(cache);
    }
    let (loaded, name) = match file {
        Some(file) => (builder.load_file(&file), file.display().to_string()),
        None => (
            builder.load(countersign_component::WASM),
            "the component built with this command".to_owned(),
        ),
    };
    loaded.map_err(|error| match error {
        LoadError::Digest { .. } => StartError::new("plugin.sha256", error),
        LoadError::Unsigned | LoadError::MalformedSignature | LoadError::WrongSignature => {
            StartError::new("plugin.signed-by", format!("{name}: {error}"))
        }
        LoadError::ReadSignature(why) => {
            StartError::new("plugin.signed-by", format!("{name}.sig: {why}"))
        }
        LoadError::Cache(_) => StartError::new("plugin.cache", error),
        LoadError::Read(why) => StartError::new("plugin.file", format!("{name}: {why}")),
        error => StartError::new("plugin.file", format!("{name}: {error}")),
    })
}

/// Asks the plugin what it is. One that does not even say so decides nothing.
async fn build(gateway: &Gateway) -> Result<Build, StartError> {
    let described = gateway.mfa.meta().describe().await;
    let described = described.map_err(|error| StartError::new("plugin.file", error))?;
    Ok(Build {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plugin: gateway.mfa.plugin().digest().to_string(),
        contract: described.contract,
    })
}

/// Names the setting that a check is about.
fn setting_of(check: &'static str) -> &'static str {
    match check {
        "plugin" => "plugin.file",
        check => check,
    }
}

/// Says whether the file of a store is not there yet, where it is one.
#[must_use]
pub fn is_to_be_made(address: &Address) -> bool {
    address.file().is_some_and(|path| !path.exists())
}
