//! Hostile plugins, as files, and what runs them in any host.
//!
//! What is tested here is the host: each of these plugins breaks the contract in one way, and the host must refuse it,
//! stop it or bear it, with everybody else unharmed. They are data, in `tests/hostile/`.

mod component;
mod files;
mod shell;

use serde::Deserialize;
use serde_json::{Map, Value};

pub use self::shell::Shell;
use crate::host::Host;
use crate::lab::{Ability, Lab, Session, View};
use crate::pattern;
use crate::subject::Fault;

/// A plugin that breaks the contract, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HostilePlugin {
    /// Its id, and the name of its file.
    pub id: String,
    /// What it tries.
    pub title: String,
    /// Which threat it belongs to.
    pub threat: String,
    /// The duty of the contract that it breaks, or that the host has in the matter.
    pub duty: String,
    /// How much of a component its file has.
    #[serde(default)]
    pub form: Form,
    /// Another WIT package, where it imports what is not of the contract.
    pub wit: Option<String>,
    /// What is changed in the contract's WIT before the component is made of it.
    #[serde(default)]
    pub wit_edits: Vec<Edit>,
    /// An item that is added many times.
    pub repeat: Option<Repeat>,
    /// Set where a host must not load it, to what the refusal of this project's host names.
    pub refused: Option<String>,
    /// Whether a host may also find what is wrong with it when it makes an instance: then it answers none of its calls.
    #[serde(default)]
    pub may_load: bool,
    /// Whether a host may also refuse it, whose calls are answered where it is loaded.
    #[serde(default)]
    pub may_be_refused: bool,
    /// The calls to make, in turn.
    #[serde(default)]
    pub calls: Vec<HostileCall>,
    /// How many records may be there afterwards, at most.
    #[serde(default)]
    pub records: usize,
    /// How many events may be there afterwards, at most.
    #[serde(default)]
    pub events: usize,
    /// How many messages may have gone out afterwards, at most.
    #[serde(default)]
    pub messages: usize,
    /// Set where it cannot even describe itself.
    #[serde(default)]
    pub is_mute: bool,
}

/// How much of a component a file has.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Items of a module, to which the rest of the contract's world is added.
    #[default]
    Module,
    /// Items of a component, that are put behind those of a plugin that does nothing.
    Beside,
    /// All of it.
    Whole,
}

/// A change of the contract's WIT.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// What is taken out.
    pub from: String,
    /// What is put there.
    pub to: String,
}

/// An item that is added many times; too long for a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// The item; `{n}` stands for its number, from 0.
    pub item: String,
    /// How many times.
    pub times: u32,
}

/// A call, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostileCall {
    /// The function.
    pub call: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Map<String, Value>,
    /// What must come of it.
    pub comes: Comes,
    /// What this project's host says of a fault.
    pub words: Option<String>,
    /// What an answer must be like.
    pub answer: Option<Value>,
}

/// What can come of a call.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Comes {
    /// No answer: the host stops the plugin, or refuses its answer.
    Fault,
    /// An answer, since the plugin does no harm by it, or none that a host can see.
    Answer,
}

#[derive(Deserialize)]
struct File {
    plugin: Vec<HostilePlugin>,
}

impl HostilePlugin {
    /// Returns those of `tests/hostile/plugins.toml`, which are part of this library.
    ///
    /// # Errors
    ///
    /// Where the file is not as it must be.
    pub fn all() -> Result<Vec<Self>, String> {
        let file: File = toml::from_str(files::TABLE).map_err(|error| error.to_string())?;
        match file.plugin.iter().find(|it| files::text(&it.id).is_none()) {
            None => Ok(file.plugin),
            Some(it) => Err(format!("{}: expected a file of this name", it.id)),
        }
    }

    /// Returns what its file says.
    #[must_use]
    pub fn source(&self) -> &'static str {
        files::text(&self.id).unwrap_or_default()
    }

    /// Has a host load it and make its calls, and looks at what is left.
    ///
    /// `in_our_words` says whether the host is this project's, says what that says, and leaves what that leaves; of
    /// another one it is asked only that it refuses what it must refuse, and stops what it must stop. What a lab cannot show is not looked at.
    ///
    /// # Errors
    ///
    /// What the host did that it must not do.
    pub async fn run(&self, host: &dyn Host, in_our_words: bool) -> Result<(), String> {
        let loaded = host.load(&self.component()?).await;
        let lab = match (loaded, &self.refused) {
            (Ok(lab), None) => lab,
            (Ok(lab), Some(_)) if self.may_load && !in_our_words => {
                never_answers(&*lab).await?;
                return others_live(host).await;
            }
            (Ok(_), Some(_)) => return Err("it was loaded".to_owned()),
            (Err(_), None) if self.may_be_refused && !in_our_words => {
                return others_live(host).await;
            }
            (Err(refusal), None) => return Err(format!("it was not loaded: {refusal}")),
            (Err(refusal), Some(words)) => {
                said(in_our_words, Some(words), &refusal.0)?;
                return others_live(host).await;
            }
        };
        let shows = |ability| lab.abilities().contains(&ability);
        let begin = lab.begin(SEED).await;
        let mut session = begin.map_err(|fault| format!("no world: {fault}"))?;
        for (i, call) in self.calls.iter().enumerate() {
            let made = call.make(session.as_mut(), in_our_words).await;
            made.map_err(|why| format!("call {} of {}: {why}", i.saturating_add(1), call.call))?;
        }
        let left = session.look(0).await;
        let left = left.map_err(|fault| format!("the host shows nothing: {fault}"))?;
        for (what, ability, found, allowed) in [
            (
                "records",
                Ability::Records,
                left.records.len(),
                self.records,
            ),
            ("events", Ability::Events, left.events.len(), self.events),
            (
                "messages",
                Ability::Messages,
                left.messages.len(),
                self.messages,
            ),
        ] {
            // Another host may be stricter, and let less of it happen; this project's is held to what it does.
            if shows(ability) && (found > allowed || in_our_words && found != allowed) {
                return Err(format!("expected {allowed} {what}, found {found}"));
            }
        }
        plain(&left)?;
        if !self.is_mute {
            let again = session.call(DESCRIBE, &Value::Object(Map::new())).await;
            again.map_err(|fault| format!("its next call was not answered: {fault}"))?;
        }
        others_live(host).await
    }
}

impl HostileCall {
    async fn make(&self, session: &mut dyn Session, in_our_words: bool) -> Result<(), String> {
        let args = Value::Object(self.args.clone());
        match (session.call(&self.call, &args).await, self.comes) {
            (Err(Fault::Stopped(why)), Comes::Fault) => {
                said(in_our_words, self.words.as_deref(), &why)
            }
            (Err(Fault::Gone(why)), Comes::Fault) => {
                Err(format!("expected the host to stop the call: {why}"))
            }
            (Ok(answer), Comes::Answer) => match &self.answer {
                Some(expected) => pattern::check(expected, &answer),
                None => Ok(()),
            },
            (Ok(answer), Comes::Fault) => Err(format!("it was answered: {answer}")),
            (Err(fault), Comes::Answer) => Err(format!("expected an answer: {fault}")),
        }
    }
}

/// Checks that the host named what it must name.
fn said(in_our_words: bool, expected: Option<&str>, found: &str) -> Result<(), String> {
    let expected = expected.filter(|_| in_our_words).unwrap_or_default();
    match found.contains(expected) {
        true => Ok(()),
        false => Err(format!(
            "expected the host to say {expected:?}, it said: {found}"
        )),
    }
}

/// Checks that an event is one line that a terminal can be shown.
fn plain(left: &View) -> Result<(), String> {
    let line = |event: &Value| event.to_string();
    match left
        .events
        .iter()
        .map(line)
        .find(|it| it.chars().any(char::is_control))
    {
        None => Ok(()),
        Some(line) => Err(format!("an event has control characters: {line:?}")),
    }
}

/// Checks that a plugin that was loaded, and should not be, cannot even describe itself.
async fn never_answers(lab: &dyn Lab) -> Result<(), String> {
    let begin = lab.begin(SEED).await;
    let mut session = begin.map_err(|fault| format!("no world: {fault}"))?;
    match session.call(DESCRIBE, &Value::Object(Map::new())).await {
        Err(_) => Ok(()),
        Ok(answer) => Err(format!("it was loaded, and answered: {answer}")),
    }
}

/// Checks that another plugin in the same host is answered.
async fn others_live(host: &dyn Host) -> Result<(), String> {
    let other = host.load(&component::bystander()?).await;
    let other = other.map_err(|refusal| format!("another plugin was not loaded: {refusal}"))?;
    let begin = other.begin(SEED).await;
    let mut session = begin.map_err(|fault| format!("no world for another plugin: {fault}"))?;
    let described = session.call(DESCRIBE, &Value::Object(Map::new())).await;
    let described =
        described.map_err(|fault| format!("another plugin was not answered: {fault}"))?;
    pattern::check(&serde_json::json!({ "name": "hostile" }), &described)
}

const DESCRIBE: &str = "meta.describe";
/// Nothing here depends on it.
const SEED: u64 = 1;
