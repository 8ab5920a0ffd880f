//! The component that is built beside this crate, in the host library.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use countersign_host::contract::Dependency;
use countersign_host::{Countersign, Error, Limits, Plugin};
use serde_json::{Value, json};

use super::{Fault, Instance, Subject};
use crate::world::World;

/// The real component in the real host.
#[derive(Clone, Copy, Debug)]
pub struct Component;

impl Component {
    /// Returns the plugin, which is compiled once a process.
    ///
    /// # Panics
    ///
    /// Panics if the component is refused.
    #[must_use]
    pub fn plugin() -> Plugin {
        PLUGIN.clone()
    }

    /// Returns the plugin with other limits.
    ///
    /// # Panics
    ///
    /// Panics if the component is refused.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "a component that its own host refuses leaves nothing to test"
    )]
    pub fn plugin_within(limits: Limits) -> Plugin {
        // Beside the component, in the build's own directory, so that not every test binary compiles it again.
        let cache = Path::new(countersign_component::PATH).with_file_name("compiled");
        let builder = Plugin::builder().limits(limits);
        builder
            .clone()
            .cache(cache)
            .load(countersign_component::WASM)
            .or_else(|_| builder.load(countersign_component::WASM))
            .expect("the component is of this contract")
    }

    /// Returns the limits of tests: the machine may be busy with others, and what is tested is not how fast it is.
    #[must_use]
    pub fn limits() -> Limits {
        let mut limits = Limits::default();
        limits.guest_time = Duration::from_secs(30);
        limits.call_time = Duration::from_secs(60);
        limits
    }

    /// Puts the plugin into a world.
    ///
    /// # Panics
    ///
    /// Panics if the component is refused.
    #[must_use]
    pub fn host(world: &World) -> Countersign {
        let noted = world.clone();
        let built = Countersign::builder(Self::plugin())
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
    fn name(&self) -> &'static str {
        "component"
    }

    fn start(&self, world: &World) -> Arc<dyn Instance> {
        Arc::new(Running(Self::host(world)))
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
            Err(error) => Err(Fault(format!("{function}: {error}"))),
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

static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| Component::plugin_within(Component::limits()));
