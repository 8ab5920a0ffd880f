//! A host without WebAssembly: it reads the probe's scripts itself, and does what the contract says; or, where it is
//! told to, one thing otherwise. So the suite is tested on a host that has no line in common with ours.

mod imports;
mod memory;
mod services;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_conformance::lab::StoredRecord;
use countersign_conformance::{Ability, Control, Fault, Host, Lab, Refusal, Session, View};
use serde_json::{Value, json};

use super::flaw::Flaw;
use imports::Caller;
use memory::Memory;

/// The host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModelHost(pub(crate) Option<Flaw>);

struct ModelLab {
    flaw: Option<Flaw>,
    abilities: BTreeSet<Ability>,
}

struct ModelSession {
    memory: Memory,
}

#[async_trait]
impl Host for ModelHost {
    fn name(&self) -> &str {
        "model"
    }

    async fn load(&self, component: &[u8]) -> Result<Arc<dyn Lab>, Refusal> {
        let text = String::from_utf8_lossy(component);
        let is_loaded = match self.0 {
            Some(Flaw::LoadsAnything) => true,
            Some(Flaw::LoadsOtherVersions) => text.contains("store@9.9.9"),
            Some(Flaw::LoadsMoreFunctions) => text.contains("drop-all"),
            _ => false,
        };
        if component != countersign_component::PROBE && !is_loaded {
            return Err(Refusal(match self.0 {
                Some(Flaw::NamesNoImport) => "it does not fit".to_owned(),
                _ => format!("this is not the probe: {text}"),
            }));
        }
        Ok(Arc::new(ModelLab {
            flaw: self.0,
            abilities: Ability::ALL.into(),
        }))
    }
}

#[async_trait]
impl Lab for ModelLab {
    fn name(&self) -> &str {
        "model"
    }

    fn abilities(&self) -> &BTreeSet<Ability> {
        &self.abilities
    }

    async fn begin(&self, _: u64) -> Result<Box<dyn Session>, Fault> {
        Ok(Box::new(ModelSession {
            memory: Memory::new(self.flaw),
        }))
    }
}

#[async_trait]
impl Session for ModelSession {
    async fn call(&mut self, function: &str, args: &Value) -> Result<Value, Fault> {
        let mut caller = Caller::of(function, args, &self.memory)?;
        let mut answers = Vec::new();
        for step in caller.script() {
            match caller.carry_out(&step, &mut self.memory) {
                Ok(answer) => answers.push(answer),
                Err(why) => return Err(self.memory.refused(why)),
            }
        }
        Ok(answered(&answers))
    }

    /// All steps but the last of each call, then the last of each: so each has read before one commits.
    async fn race(&mut self, calls: Vec<(String, Value)>) -> Result<Vec<Value>, Fault> {
        if self.memory.has(Flaw::RacesOneByOne) {
            let mut all = Vec::new();
            for (function, args) in &calls {
                all.push(self.call(function, args).await?);
            }
            return Ok(all);
        }
        let mut racing = Vec::new();
        for (function, args) in &calls {
            let mut caller = Caller::of(function, args, &self.memory)?;
            let mut script = caller.script();
            let last = script.pop().expect("a step");
            let mut answers = Vec::new();
            for step in script {
                let answer = caller.carry_out(&step, &mut self.memory);
                answers.push(answer.map_err(Fault::Stopped)?);
            }
            racing.push((caller, last, answers));
        }
        let mut all = Vec::new();
        self.memory.is_racing = true;
        for (mut caller, last, mut answers) in racing {
            let answer = caller.carry_out(&last, &mut self.memory);
            answers.push(answer.map_err(Fault::Stopped)?);
            all.push(answered(&answers));
        }
        self.memory.is_racing = false;
        Ok(all)
    }

    async fn turn(&mut self, control: &Control) -> Result<(), Fault> {
        let memory = &mut self.memory;
        match control {
            Control::Clock { at } => memory.clock = *at,
            Control::ClockFails { fails } => memory.clock_fails = *fails,
            Control::Random { mode } => memory.random_fails = mode == "fails",
            Control::Fate { .. } => memory.doubtful = true,
            Control::RotateKeys => memory.generation += 1,
            Control::Tamper {
                record,
                of,
                how,
                from,
            } => memory.tamper(record, of, how, from.as_ref()),
            Control::Restart => memory.restart(),
            Control::Fault { import, kind, .. } => memory.fault = Some((import.clone(), *kind)),
            Control::Line { refuses } => memory.line_refuses = *refuses,
        }
        Ok(())
    }

    async fn end_fault(&mut self) -> Result<u32, Fault> {
        Ok(u32::from(self.memory.fault.take().is_none()))
    }

    async fn look(&mut self, known: usize) -> Result<View, Fault> {
        let records = self.memory.records.iter().map(|(key, held)| StoredRecord {
            record: key.1.clone(),
            of: key.0.clone(),
            version: held.version,
            content: self.memory.shown(key, held),
        });
        Ok(View {
            records: records.collect(),
            events: self.memory.events[known..].to_vec(),
            messages: self.memory.messages.clone(),
        })
    }
}

fn answered(answers: &[Value]) -> Value {
    json!({ "err": { "other": json!(answers).to_string() } })
}
