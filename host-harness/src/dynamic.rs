//! Calls with arguments as JSON, for tools and tests that learn the function's name at run time.

mod json;

use serde::Serialize;
use serde_json::{Map, Value};
use wasmtime::component::Val;

use crate::countersign::Countersign;
use crate::error::Error;
use crate::plugin::{Function, Plugin};
use crate::scope::Scope;

/// An exported function, for people.
///
/// Types are written as in WIT, with records, variants and enums written out in place.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Signature {
    /// Its name, such as `sign-in.begin`.
    pub name: String,
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
    /// What it answers.
    pub answer: Option<String>,
}

/// A parameter of a function.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it may be left out.
    pub optional: bool,
}

/// Where arguments do not fit, and what was expected there. It never holds what was given.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{path}: expected {expected}")]
#[non_exhaustive]
pub struct ArgumentError {
    /// Where, such as `request.memberships[0].roles`; the function's name for the arguments as a whole.
    pub path: String,
    /// What was expected.
    pub expected: String,
}

impl Plugin {
    /// Returns every function that the plugin exports, in the order of the contract.
    pub fn functions(&self) -> Vec<Signature> {
        self.function_list().iter().map(Signature::of).collect()
    }
}

impl Countersign {
    /// Calls a function by its name, such as `sign-in.begin`, with a JSON object that has an entry for each parameter.
    ///
    /// | WIT | JSON |
    /// |---|---|
    /// | `bool`, `u32`, `u64`, `string` … | the same; numbers must be whole and in range |
    /// | `list<u8>` | a string of hexadecimal digits |
    /// | `list<T>`, `tuple<…>` | an array |
    /// | `record` | an object with the contract's names; a field of type `option` may be left out, one unknown is refused |
    /// | `variant` | `"case"`, or `{"case": payload}` where it carries one |
    /// | `enum` | `"case"` |
    /// | `option<T>` | `null`, or the value |
    /// | `result<T, E>` | `{"ok": value}` or `{"err": value}`; `null` where there is no value |
    ///
    /// The answer comes in the same form. A failure of the contract is such an answer, `{"err": …}`, and still a
    /// refusal. The call's scope is computed from the arguments, as the typed methods do it.
    ///
    /// # Errors
    ///
    /// [`Error::Arguments`] if there is no such function or the arguments do not fit; nothing was called then.
    /// Otherwise as the typed methods, except that [`Error::Refused`] does not occur.
    ///
    /// # Security
    ///
    /// Answers hold secrets in the clear, as those of the typed methods do.
    pub async fn call_json(&self, function: &str, args: &Value) -> Result<Value, Error> {
        let functions = self.plugin().function_list();
        let (ordinal, found) = functions
            .iter()
            .enumerate()
            .find(|(_, it)| function.split_once('.') == Some((it.interface, it.name)))
            .ok_or_else(|| ArgumentError {
                path: "function".to_owned(),
                expected: "a name such as `sign-in.begin`".to_owned(),
            })?;
        let params = parameters(found, args)?;
        let scope = scope(found, &params);
        let answer = self.call_dynamic(scope, ordinal, &params).await?;
        Ok(match &found.answer {
            Some(ty) => json::to_json(&answer, ty),
            None => Value::Null,
        })
    }
}

impl Signature {
    fn of(function: &Function) -> Self {
        Self {
            name: format!("{}.{}", function.interface, function.name),
            parameters: function
                .params
                .iter()
                .map(|(name, ty)| Parameter {
                    name: name.clone(),
                    ty: json::describe(ty),
                    optional: json::is_option(ty),
                })
                .collect(),
            answer: function.answer.as_ref().map(json::describe),
        }
    }
}

fn parameters(function: &Function, args: &Value) -> Result<Vec<Val>, ArgumentError> {
    let path = format!("{}.{}", function.interface, function.name);
    let empty = Map::new();
    let args = match args {
        Value::Object(args) => args,
        Value::Null => &empty,
        _ => {
            return Err(ArgumentError {
                path,
                expected: "an object with an entry for each parameter".to_owned(),
            });
        }
    };
    let known = |name: &String| function.params.iter().any(|(it, _)| it == name);
    if let Some(unknown) = args.keys().find(|name| !known(name)) {
        let names: Vec<&str> = function.params.iter().map(|(it, _)| it.as_str()).collect();
        return Err(ArgumentError {
            path: unknown.clone(),
            expected: format!("no such parameter; there are: {}", names.join(", ")),
        });
    }
    let each = function.params.iter();
    each.map(|(name, ty)| json::to_val(name, args.get(name), ty))
        .collect()
}

/// Computes what a call may reach from what the plugin is going to see, so that the two cannot differ.
fn scope(function: &Function, params: &[Val]) -> Scope {
    let of = |name: &str| {
        let at = function.params.iter().position(|(it, _)| it == name)?;
        params.get(at)
    };
    let mut scope = match of("user") {
        Some(Val::String(user)) => Scope::of(user),
        _ => Scope::nobody(),
    };
    let memberships = of("memberships")
        .or_else(|| of("request").and_then(|request| field(request, "memberships")));
    if let Some(Val::List(memberships)) = memberships {
        for membership in memberships {
            if let Some(Val::String(company)) = field(membership, "company") {
                scope = scope.naming(company);
            }
        }
    }
    if let Some(Val::String(company)) = of("hypothetical")
        .and_then(some)
        .and_then(|it| field(it, "company"))
    {
        scope = scope.naming(company);
    }
    if let Some(Val::String(company)) = of("company").and_then(some) {
        scope = match (function.interface, function.name) {
            ("policy", "put") => scope.writing(company),
            _ => scope.naming(company),
        };
    }
    scope
}

fn field<'a>(record: &'a Val, name: &str) -> Option<&'a Val> {
    let Val::Record(fields) = record else {
        return None;
    };
    let found = fields.iter().find(|(it, _)| it == name);
    found.map(|(_, value)| value)
}

/// Looks into an option; anything else is itself.
fn some(value: &Val) -> Option<&Val> {
    match value {
        Val::Option(inner) => inner.as_deref(),
        other => Some(other),
    }
}
