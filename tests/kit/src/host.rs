//! Hosts: what loads plugins.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_host::{Limits, Plugin};

use crate::lab::Lab;
use crate::local::Local;
use crate::subject::Component;

/// A host, which loads components and gives them surroundings that obey a case.
#[async_trait]
pub trait Host: Send + Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// Loads a component, from the bytes of its file.
    ///
    /// # Errors
    ///
    /// [`Refusal`] where the host will not have it. Nothing of the component may have run by then.
    async fn load(&self, component: &[u8]) -> Result<Arc<dyn Lab>, Refusal>;
}

/// Why a host will not load a component, in its own words.
#[derive(Clone, Debug)]
pub struct Refusal(pub String);

/// This project's own host, in this process.
#[derive(Clone, Debug)]
pub struct OwnHost {
    limits: Limits,
}

impl OwnHost {
    /// Takes the limits that a plugin is loaded with.
    #[must_use]
    pub fn within(limits: Limits) -> Self {
        Self { limits }
    }
}

#[async_trait]
impl Host for OwnHost {
    fn name(&self) -> &str {
        "countersign-host"
    }

    async fn load(&self, component: &[u8]) -> Result<Arc<dyn Lab>, Refusal> {
        let builder = Plugin::builder().limits(self.limits.clone());
        let component = component.to_vec();
        // Compiling takes its time.
        let loaded = tokio::task::spawn_blocking(move || builder.load(&component)).await;
        let plugin = loaded
            .map_err(|error| Refusal(error.to_string()))?
            .map_err(|error| Refusal(error.to_string()))?;
        Ok(Arc::new(Local::of(Arc::new(Component::of(
            self.name(),
            plugin,
        )))))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}
