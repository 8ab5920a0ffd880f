//! The host, with stores, keys and plugins made for the test. Names are sentences.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "../hostile/mod.rs"]
mod hostile;

mod cache;
mod calls;
#[cfg(all(feature = "twilio", feature = "webhook"))]
mod carriers;
mod components;
mod event_json;
mod events;
mod json;
mod json_lines;
mod key_files;
mod key_sources;
mod keyrings;
mod labs;
#[cfg(feature = "countries")]
mod phone_caps;
#[cfg(feature = "countries")]
mod phone_guards;
mod phone_lines;
#[cfg(feature = "countries")]
mod phone_numbers;
mod phone_plugins;
mod phone_texts;
mod reseals;
mod scopes;
mod seals;
mod signatures;

use countersign_host::clock::FixedClock;
use countersign_host::keyring::LocalKeyring;
use countersign_host::random::SeededRandom;
use countersign_host::{Countersign, Limits, Plugin, Store};
use hostile::Hostile;

/// Loads a component, and gives it what it needs.
fn host(component: &Hostile, store: impl Store + 'static) -> Countersign {
    with_limits(component, store, Limits::default())
}

fn with_limits(component: &Hostile, store: impl Store + 'static, limits: Limits) -> Countersign {
    let plugin = Plugin::builder()
        .limits(limits)
        .load(&component.component())
        .expect("it is of the contract's world");
    builder(plugin, store).build().expect("nothing is missing")
}

fn builder(plugin: Plugin, store: impl Store + 'static) -> countersign_host::CountersignBuilder {
    Countersign::builder(plugin)
        .realm("test")
        .store(store)
        .keyring(LocalKeyring::from_key([7; 32]))
        .clock(FixedClock::at(1_000))
        .random(SeededRandom::from_seed(1))
}
