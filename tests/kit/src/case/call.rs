//! A call, and the templates that it is built on.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Templates;

/// A call, and what is expected of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Call {
    /// The template that it builds on.
    #[serde(rename = "use")]
    pub template: Option<String>,
    /// The function, such as `sign-in.begin`.
    pub call: Option<String>,
    /// The arguments, by parameter.
    pub args: Value,
    /// A pattern that the answer matches.
    pub expect: Option<Value>,
    /// What to remember of the answer: a variable, and the path to it.
    pub save: BTreeMap<String, String>,
}

/// A call that others build on.
pub type Template = Call;

impl Call {
    /// Says whether there is a call at all.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.template.is_some() || self.call.is_some()
    }

    /// Returns the call with everything that it takes from its templates.
    ///
    /// Arguments are merged field by field, and so is what is remembered; function and pattern are those of the
    /// innermost template that has none nearer.
    ///
    /// # Errors
    ///
    /// The name of a template that does not exist, or that builds on itself.
    pub fn complete(&self, templates: &Templates) -> Result<Self, String> {
        let mut chain = vec![self];
        while let Some(name) = chain.last().and_then(|it| it.template.as_ref()) {
            let base = templates.call.get(name);
            chain.push(base.ok_or_else(|| format!("no template is called {name}"))?);
            if chain.len() > DEEPEST {
                return Err("templates build on one another without end".to_owned());
            }
        }
        // From the innermost on, since only that one has all arguments.
        let mut whole = Self::default();
        for layer in chain.into_iter().rev() {
            whole.call = layer.call.clone().or(whole.call);
            whole.expect = layer.expect.clone().or(whole.expect);
            whole.save.extend(layer.save.clone());
            if !layer.args.is_null() {
                merge(&mut whole.args, layer.args.clone());
            }
        }
        Ok(whole)
    }
}

/// Lays `over` over `under`: objects entry by entry, everything else in its place. Two objects of one entry each, with
/// different names, are cases of a variant: the one is put in the place of the other.
fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) if !are_cases(under, &over) => {
            for (name, value) in over {
                merge(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

fn are_cases(under: &Map<String, Value>, over: &Map<String, Value>) -> bool {
    under.len() == 1 && over.len() == 1 && under.keys().ne(over.keys())
}

/// How many templates may build on one another.
const DEEPEST: usize = 8;
