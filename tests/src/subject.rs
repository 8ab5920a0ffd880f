//! What of this tree is tested: the core in this process, and the component around it.

mod component;
mod core;

use std::sync::Arc;

use countersign_conformance::Subject;

pub use self::component::Component;
pub use self::core::{Core, Native};

/// Returns every subject that the cases are run against.
#[must_use]
pub fn all() -> Vec<Arc<dyn Subject>> {
    vec![Arc::new(Core), Arc::new(Component)]
}
