//! A component, in the host library.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_host::contract::Dependency;
use countersign_host::{Countersign, Error, Limits, Plugin};
use serde_json::{Value, json};

use super::{Fault, Instance, Subject};
use crate::world::World;

/// A component in the real host.
#[derive(Clone, Debug)]
pub struct Component {
    name: String,
    plugin: Plugin,
}

impl Component {
    /// Takes a plugin that was loaded, and a name for its trials.
    #[must_use]
    pub fn of(name: impl Into<String>, plugin: Plugin) -> Self {
        Self {
            name: name.into(),
            plugin,
        }
    }

    /// Returns the limits of tests: the machine may be busy with others, and what is tested is not how fast it is.
    #[must_use]
    pub fn limits() -> Limits {
        let mut limits = Limits::default();
        limits.guest_time = Duration::from_secs(30);
        limits.call_time = Duration::from_secs(60);
        limits.store_time = Duration::from_secs(20);
        limits
    }

    /// Puts the plugin into a world.
    #[must_use]
    pub fn host(&self, world: &World) -> Countersign {
        let noted = world.clone();
        let built = Countersign::builder(self.plugin.clone())
            .realm(world.realm())
            .store(world.store().clone())
            .keyring(world.keyring().clone())
            .sms(world.line().clone())
            .clock(world.clock().clone())
            .random(world.random().clone())
            .faults(move |fault: &countersign_host::fault::Fault| noted.note(fault))
            .build();
        match built {
            Ok(host) => host,
            Err(error) => unreachable!("everything was given: {error}"),
        }
    }
}

impl Subject for Component {
    fn name(&self) -> &str {
        &self.name
    }

    fn start(&self, world: &World) -> Arc<dyn Instance> {
        Arc::new(Running(self.host(world)))
    }
}

struct Running(Countersign);

#[async_trait]
impl Instance for Running {
    async fn call(&self, function: &str, args: &Value) -> Result<Value, Fault> {
        match self.0.call_json(function, args).await {
            Ok(answer) => Ok(answer),
            Err(Error::Fault { import, .. }) => Ok(json!({
                "err": { "unavailable": dependency(import) }
            })),
            Err(error) => Err(Fault::Stopped(format!("{function}: {error}"))),
        }
    }
}

fn dependency(import: Dependency) -> &'static str {
    match import {
        Dependency::Store => "store",
        Dependency::Keyring => "keyring",
        Dependency::Sms => "sms",
        Dependency::Clock => "clock",
        Dependency::Random => "random",
    }
}
