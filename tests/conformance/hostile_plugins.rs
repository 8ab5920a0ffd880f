//! Plugins that break the contract, in this project's host, within the limits that it has by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use countersign_conformance::{
    Ability, Control, Fault, Host, HostilePlugin, Lab, OwnHost, Refusal, Session, View,
};
use countersign_host::Limits;
use countersign_tests::duties::Duties;
use countersign_tests::tree::root;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::RUNTIME;

pub(crate) fn trials() -> Vec<Trial> {
    let plugins = match HostilePlugin::all() {
        Ok(plugins) => plugins,
        Err(error) => panic!("tests/hostile/plugins.toml: {error}"),
    };
    let mut trials = vec![
        Trial::test("hostile-plugins/the-list-is-the-folder", list_is_folder),
        Trial::test(
            "hostile-plugins/a-host-that-loads-and-answers-everything-fails",
            compliant_host_fails,
        ),
    ];
    trials.extend(plugins.into_iter().map(|plugin| {
        Trial::test(format!("hostile-plugin/{}", plugin.id), move || {
            let host = OwnHost::within(Limits::default());
            let ran = RUNTIME.block_on(plugin.run(&host, true));
            ran.map_err(Failed::from)
        })
    }));
    trials
}

/// Every file has one entry and every entry one file, and names a duty that there is.
fn list_is_folder() -> Result<(), Failed> {
    let mut listed: BTreeMap<String, HostilePlugin> = BTreeMap::new();
    for plugin in HostilePlugin::all()? {
        if let Some(twice) = listed.insert(plugin.id.clone(), plugin) {
            return Err(format!("{} is there twice", twice.id).into());
        }
    }
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("tests/hostile/plugins"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        files.insert(name.trim_end_matches(".wat").to_owned());
    }
    let ids: BTreeSet<String> = listed.keys().cloned().collect();
    if ids != files {
        let odd: Vec<_> = ids.symmetric_difference(&files).collect();
        return Err(format!("not both in plugins.toml and in the folder: {odd:?}").into());
    }
    let stated: BTreeSet<String> = Duties::of_this_tree()?
        .stated
        .into_iter()
        .map(|it| it.id)
        .collect();
    match listed.values().find(|it| !stated.contains(&it.duty)) {
        None => Ok(()),
        Some(it) => Err(format!("{}: no such duty: {}", it.id, it.duty).into()),
    }
}

/// What a host is asked for can be missed: one that takes everything fails wherever something must be refused or stopped.
fn compliant_host_fails() -> Result<(), Failed> {
    for plugin in HostilePlugin::all()? {
        let must_stop =
            plugin.refused.is_some() || plugin.calls.iter().any(|it| it.words.is_some());
        let ran = RUNTIME.block_on(plugin.run(&Compliant, false));
        if must_stop && ran.is_ok() {
            return Err(format!("{} passed in a host that refuses nothing", plugin.id).into());
        }
    }
    Ok(())
}

/// A host that loads whatever it is given, and a plugin that has an answer to everything.
struct Compliant;

#[async_trait]
impl Host for Compliant {
    fn name(&self) -> &str {
        "compliant"
    }

    async fn load(&self, _: &[u8]) -> Result<Arc<dyn Lab>, Refusal> {
        Ok(Arc::new(Self))
    }
}

#[async_trait]
impl Lab for Compliant {
    fn name(&self) -> &str {
        "compliant"
    }

    fn abilities(&self) -> &BTreeSet<Ability> {
        const NONE: &BTreeSet<Ability> = &BTreeSet::new();
        NONE
    }

    async fn begin(&self, _: u64) -> Result<Box<dyn Session>, Fault> {
        Ok(Box::new(Self))
    }
}

#[async_trait]
impl Session for Compliant {
    async fn call(&mut self, _: &str, _: &Value) -> Result<Value, Fault> {
        Ok(json!({ "name": "hostile" }))
    }

    async fn race(&mut self, _: Vec<(String, Value)>) -> Result<Vec<Value>, Fault> {
        Ok(Vec::new())
    }

    async fn turn(&mut self, _: &Control) -> Result<(), Fault> {
        Ok(())
    }

    async fn end_fault(&mut self) -> Result<u32, Fault> {
        Ok(0)
    }

    async fn look(&mut self, _: usize) -> Result<View, Fault> {
        Ok(View::default())
    }
}
