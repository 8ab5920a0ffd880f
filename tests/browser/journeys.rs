//! Journeys, each a trial.

mod admin;
mod deadline;
mod early;
mod keyboard;
mod profile;
mod recovery;
mod tabs;
mod wrong;

use libtest_mimic::Trial;

/// Returns all trials.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = early::trials();
    trials.extend(deadline::trials());
    trials.extend(admin::trials());
    trials.extend(profile::trials());
    trials.extend(recovery::trials());
    trials.extend(tabs::trials());
    trials.extend(wrong::trials());
    trials.extend(keyboard::trials());
    trials
}
