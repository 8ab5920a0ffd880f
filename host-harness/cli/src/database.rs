//! The store that a command works on, and the gateway that stands on it.

mod address;
mod read_only;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use countersign_host::fault::Fault;
use countersign_host::keyring::{KeySource, LocalKeyring, claim};
use countersign_host::printable::Printable;
use countersign_host::random::{Random, SystemRandom};
use countersign_host::store::{Database, KeyNotes, Kind, OpenError, Unavailable};
use countersign_host::{Countersign, Plugin};

pub(crate) use self::address::Address;
use self::read_only::ReadOnly;
use crate::exit::Exit;
use crate::plugin;
use crate::style::DIM;

/// Which store, and which realm of it.
#[derive(Args, Debug)]
pub(crate) struct StoreArgs {
    /// The store: sqlite:PATH, postgres://USER:PASSWORD@HOST/DATABASE or memory:. Everybody on the machine can read a
    /// password of the command line, so put one into the variable
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "COUNTERSIGN_STORE",
        hide_env_values = true
    )]
    store: Option<Address>,
    /// The realm, by which the gateway's records are known. Every record is sealed for it: it is the gateway's, and
    /// never changes
    #[arg(
        long,
        value_name = "NAME",
        env = "COUNTERSIGN_REALM",
        default_value = "default",
        hide_env_values = true,
        value_parser = realm
    )]
    realm: String,
}

/// Which store, with the keys that its records are sealed with.
#[derive(Args, Debug)]
pub(crate) struct KeyedArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// The keys: file:PATH, env:NAME or command:LINE, as the gateway has them
    #[arg(
        long,
        value_name = "SOURCE",
        env = "COUNTERSIGN_KEYS",
        hide_env_values = true
    )]
    keys: Option<Typed>,
}

/// Which store, with its keys, and the plugin that reads its records.
#[derive(Args, Debug)]
pub(crate) struct GatewayArgs {
    #[command(flatten)]
    pub(crate) keyed: KeyedArgs,
    /// The plugin; without it, the component that was built with this command
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
}

/// What a command does with a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    /// It reads. What would write is refused.
    Read,
    /// It writes to a store that is there.
    Write,
    /// It writes, and may be the first to do so.
    Create,
}

/// A store with a plugin that reads and writes its records.
pub(crate) struct Gateway {
    pub(crate) mfa: Countersign,
    pub(crate) store: Arc<dyn Database>,
}

impl StoreArgs {
    /// Says whether a store was named.
    pub(crate) fn is_given(&self) -> bool {
        self.store.is_some()
    }

    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    /// Returns the address, or says how one is written.
    pub(crate) fn address(&self) -> Result<&Address, Exit> {
        self.store
            .as_ref()
            .ok_or_else(|| Exit::Usage(NO_STORE.to_owned()))
    }

    /// Opens the store.
    pub(crate) async fn open(&self, access: Access) -> Result<Arc<dyn Database>, Exit> {
        self.address()?.open("--store", access).await
    }
}

impl KeyedArgs {
    /// Gets the keys. Those of a store in memory are nobody's, unless some are named.
    pub(crate) async fn keyring(&self) -> Result<LocalKeyring, Exit> {
        match &self.keys {
            Some(source) => {
                let source: KeySource = source.0.parse().map_err(not_keys)?;
                source.load().await.map_err(not_keys)
            }
            None if self.store.address()?.is_memory() => {
                let mut key = [0; 32];
                let drawn = SystemRandom.fill(&mut key);
                drawn.map_err(|error| Exit::Fault(error.to_string()))?;
                Ok(LocalKeyring::from_key(key))
            }
            None => Err(Exit::Usage(NO_KEYS.to_owned())),
        }
    }
}

impl GatewayArgs {
    pub(crate) fn store(&self) -> &StoreArgs {
        &self.keyed.store
    }

    /// Opens the store, gets the keys, sees that they are the store's, and loads the plugin.
    pub(crate) async fn open(&self, access: Access, cache: Option<&Path>) -> Result<Gateway, Exit> {
        let keyring = self.keyed.keyring().await?;
        let store = self.store().open(access).await?;
        self.stand_on(store, keyring, access, cache).await
    }

    /// Puts the plugin on a store, with keys that it sees are the store's.
    pub(crate) async fn stand_on(
        &self,
        store: Arc<dyn Database>,
        keyring: LocalKeyring,
        access: Access,
        cache: Option<&Path>,
    ) -> Result<Gateway, Exit> {
        let realm = self.store().realm();
        // The first claim is believed for ever, so that somebody who only looks makes none.
        let notes = store.key_notes(realm).await?;
        match (require_realm(&*store, realm).await, access) {
            (Err(Exit::AnsweredNo(nothing)), Access::Read) => {
                anstream::eprintln!("{DIM}{}{DIM:#}", Printable(&nothing));
            }
            (Err(Exit::AnsweredNo(_)), Access::Create) => {}
            (known, _) => known?,
        }
        if access != Access::Read || notes != KeyNotes::default() {
            let claimed = claim(&*store, realm, &keyring).await;
            claimed.map_err(not_keys)?;
        }
        let plugin = self.plugin(cache)?;
        let builder = Countersign::builder(plugin)
            .realm(realm)
            .keyring(keyring)
            .faults(told_once());
        let builder = match access {
            Access::Read => builder.store(ReadOnly(store.clone())),
            Access::Write | Access::Create => builder.store(store.clone()),
        };
        Ok(Gateway {
            mfa: builder.build()?,
            store,
        })
    }

    /// Loads the plugin.
    pub(crate) fn plugin(&self, cache: Option<&Path>) -> Result<Plugin, Exit> {
        plugin::load(self.plugin.as_deref(), cache)
    }
}

/// Makes sure that a store has something of a realm: whoever mistypes its name would believe to have done something.
pub(crate) async fn require_realm(store: &dyn Database, realm: &str) -> Result<(), Exit> {
    let notes = store.key_notes(realm).await?;
    match notes == KeyNotes::default() && is_empty(store, realm).await? {
        true => Err(Exit::AnsweredNo(format!(
            "the store has nothing of the realm {realm}: see --realm"
        ))),
        false => Ok(()),
    }
}

/// Says whether no gateway ever wrote anything of a realm.
async fn is_empty(store: &dyn Database, realm: &str) -> Result<bool, Unavailable> {
    for kind in [Kind::Account, Kind::Policy, Kind::Tickets] {
        if !store.list(realm, kind, None, 1).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What was typed for a source of keys. Somebody may have typed a key, so that it is never repeated.
#[derive(Clone)]
struct Typed(String);

impl From<String> for Typed {
    fn from(typed: String) -> Self {
        Self(typed)
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(..)")
    }
}

fn not_keys(error: impl fmt::Display) -> Exit {
    Exit::Usage(format!("--keys: {error}"))
}

impl From<Unavailable> for Exit {
    fn from(error: Unavailable) -> Self {
        Self::Fault(error.to_string())
    }
}

impl From<OpenError> for Exit {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Address => Self::Usage(format!("expected {FORMS}")),
            OpenError::Unavailable(_) => Self::Fault(error.to_string()),
            error => Self::Usage(format!("--store: {error}")),
        }
    }
}

/// Tells the person what the plugin is told of in general words only: each fault once, however many calls have it.
fn told_once() -> impl Fn(&Fault) + Send + Sync {
    let told = Mutex::new(BTreeSet::new());
    move |fault| {
        let fault = fault.to_string();
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MOST_FAULTS && told.insert(fault.clone()) {
            anstream::eprintln!("{DIM}fault: {}{DIM:#}", Printable(&fault));
        }
    }
}

fn realm(typed: &str) -> Result<String, &'static str> {
    match (1..=128).contains(&typed.len()) && !typed.contains(char::is_control) {
        true => Ok(typed.to_owned()),
        false => Err("expected 1 to 128 bytes without control characters"),
    }
}

/// How the address of a store is written.
pub(crate) const FORMS: &str = "sqlite:PATH, postgres://USER:PASSWORD@HOST/DATABASE, or memory:";

const NO_STORE: &str = "expected --store ADDRESS, or the variable COUNTERSIGN_STORE: sqlite:PATH, \
                        postgres://USER:PASSWORD@HOST/DATABASE, or memory:";

const NO_KEYS: &str = "expected --keys SOURCE, or the variable COUNTERSIGN_KEYS: file:PATH, env:NAME or command:LINE; \
                       `countersign keys new FILE` makes a first key";

/// Of different ones, so that a store whose faults all differ does not fill the screen.
const MOST_FAULTS: usize = 20;
