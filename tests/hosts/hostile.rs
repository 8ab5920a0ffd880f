//! Hostile plugins in the example hosts, with those named that a host cannot stop, and why.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use countersign_conformance::{Host, HostilePlugin, Lab, Refusal, Remote};
use countersign_tests::peer::Peer;
use libtest_mimic::{Failed, Trial};

use crate::{Example, RUNTIME};

/// Returns a trial for each plugin, and one of the list of those that a host cannot stop.
pub(crate) fn trials(host: &Example) -> Vec<Trial> {
    let plugins = match HostilePlugin::all() {
        Ok(plugins) => plugins,
        Err(error) => panic!("tests/hostile/plugins.toml: {error}"),
    };
    let unbeaten = match host.peer {
        Peer::Jco => IN_NODE,
        _ => IN_PYTHON,
    };
    let known: Vec<String> = plugins.iter().map(|it| it.id.clone()).collect();
    let listed = Trial::test(
        format!("{}/hostile/whoever-is-expected-to-win-is-there", host.name),
        move || match unbeaten
            .iter()
            .find(|(id, _)| !known.iter().any(|it| it == id))
        {
            None => Ok(()),
            Some((id, _)) => Err(format!("no hostile plugin is called {id}").into()),
        },
    );
    let each = plugins.into_iter().map(|plugin| {
        let why = unbeaten.iter().find(|(id, _)| *id == plugin.id);
        let why = why.map(|(_, why)| *why);
        let watched = Watched {
            // A call that is never answered is known to be after a few seconds; what loads it may have to compile first.
            remote: host.remote.clone().within(START, ANSWER),
            failed: Mutex::default(),
        };
        let name = format!("{}/hostile/{}", host.name, plugin.id);
        host.peer.trial(name, move || {
            let ran = RUNTIME.block_on(plugin.run(&watched, false));
            let failed = watched.failed.into_inner();
            let ran = match failed.unwrap_or_else(PoisonError::into_inner) {
                Some(failed) => Err(failed),
                None => ran,
            };
            match (ran, why) {
                (Ok(()), None) | (Err(_), Some(_)) => Ok(()),
                (Err(error), None) => Err(Failed::from(error)),
                (Ok(()), Some(why)) => Err(format!("it is stopped, although {why}").into()),
            }
        })
    });
    each.chain([listed]).collect()
}

/// A host of which is noted that it failed to load something, which is not the same as to refuse it.
struct Watched {
    remote: Remote,
    failed: Mutex<Option<String>>,
}

#[async_trait]
impl Host for Watched {
    fn name(&self) -> &str {
        self.remote.name()
    }

    async fn load(&self, component: &[u8]) -> Result<Arc<dyn Lab>, Refusal> {
        let loaded = self.remote.load(component).await;
        if let Err(Refusal(why)) = &loaded
            && why.starts_with("the host failed")
        {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            *failed = Some(why.clone());
        }
        loaded
    }
}

const START: Duration = Duration::from_secs(120);
const ANSWER: Duration = Duration::from_secs(10);

/// What the host in JavaScript cannot stop.
const IN_NODE: &[(&str, &str)] = &[
    ("endless-loop", UNSTOPPABLE),
    ("endless-start", UNSTOPPABLE),
    ("endless-realloc", UNSTOPPABLE),
    ("growing-memory", UNBOUNDED),
    ("large-memory", UNBOUNDED),
    ("many-tables", UNBOUNDED),
    ("large-table", UNBOUNDED),
    ("growing-table", UNBOUNDED),
    ("many-instances", UNBOUNDED),
    ("wrong-types", TYPES),
    ("more-cases", TYPES),
];
/// What the host in Python cannot stop.
const IN_PYTHON: &[(&str, &str)] = &[("wrong-types", TYPES), ("more-cases", TYPES)];

const UNSTOPPABLE: &str = "nothing in JavaScript interrupts what runs in its own thread";
const UNBOUNDED: &str =
    "nothing in JavaScript bounds the memory of WebAssembly, in its own thread or in a worker";
const TYPES: &str =
    "the host compares the names of exports, and no types: it converts by those that it knows";
