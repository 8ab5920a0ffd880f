//! The store's counters: raised all together, or not at all.

use std::collections::BTreeMap;

use countersign_core::decision::Changes;
use countersign_core::text_message::Refusal;
use countersign_core::time::Instant;

/// Counters by their names, each with the end of its window.
#[derive(Debug, Default)]
pub(super) struct Counters(BTreeMap<String, (u64, Instant)>);

impl Counters {
    /// Raises every counter that a decision raises.
    ///
    /// # Errors
    ///
    /// Returns the refusal when one of them has reached its ceiling; none is raised then.
    pub(super) fn raise(&mut self, changes: &Changes, now: Instant) -> Result<(), Box<Refusal>> {
        self.0.retain(|_, (_, until)| now < *until);
        for (place, add) in changes.adds.iter().enumerate() {
            let count = self.0.get(&add.name).map_or(0, |(count, _)| *count);
            if count >= add.ceiling
                && let Some(refusal) = changes.refuse(place)
            {
                return Err(Box::new(refusal));
            }
        }
        for add in &changes.adds {
            let (count, _) = self.0.entry(add.name.clone()).or_insert((0, add.until));
            *count = count.saturating_add(1);
        }
        Ok(())
    }
}
