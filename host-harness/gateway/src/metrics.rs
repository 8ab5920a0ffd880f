//! What is counted, for Prometheus.

/// What a gateway counts. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {}
