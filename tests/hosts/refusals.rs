//! What no host may run. Components that import too much are cases for hosts: `world-…-refused`.

use libtest_mimic::Trial;

use crate::Example;

/// Returns what a host must refuse.
pub(crate) fn trials(host: &Example) -> Vec<Trial> {
    let no_component = host.load_trial(
        "what-is-no-component-is-refused",
        b"no component".to_vec(),
        |loaded| match loaded {
            Ok(lab) => Err(format!("{} loads it", lab.name()).into()),
            Err(refusal) if refusal.0.contains("host failed") => Err(refusal.0.into()),
            Err(_) => Ok(()),
        },
    );
    vec![no_component]
}
