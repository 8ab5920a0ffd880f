//! The component that is built beside this crate.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use countersign_conformance::{Instance, Subject, World};
use countersign_host::{Countersign, Limits, Plugin};

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
        countersign_conformance::Component::limits()
    }

    /// Puts the plugin into a world.
    ///
    /// # Panics
    ///
    /// Panics if the component is refused.
    #[must_use]
    pub fn host(world: &World) -> Countersign {
        Self::subject().host(world)
    }

    /// The same for any component.
    fn subject() -> countersign_conformance::Component {
        countersign_conformance::Component::of("component", Self::plugin())
    }
}

impl Subject for Component {
    fn name(&self) -> &str {
        "component"
    }

    fn start(&self, world: &World) -> Arc<dyn Instance> {
        Self::subject().start(world)
    }
}

static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| Component::plugin_within(Component::limits()));
