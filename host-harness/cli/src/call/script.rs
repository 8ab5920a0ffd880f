//! Several calls that build on one another.

use std::collections::BTreeMap;
use std::io::Write;

use countersign_host::clock::Clock;
use countersign_host::printable::Printable;
use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

use super::{Caller, answered_err};
use crate::authenticator::Authenticator;
use crate::exit::Exit;
use crate::json::pretty;
use crate::style::DIM;

/// Steps, each with the number of its line.
#[derive(Debug)]
pub(super) struct Script(Vec<(usize, Step)>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    call: String,
    #[serde(default)]
    with: Value,
    #[serde(default)]
    save: BTreeMap<String, String>,
    #[serde(default)]
    expect: Expect,
    at: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Expect {
    #[default]
    Ok,
    Err,
    Any,
}

impl Script {
    /// Parses all lines before any is run.
    pub(super) fn parse(text: &str) -> Result<Self, Exit> {
        (1..)
            .zip(text.lines())
            .filter(|(_, line)| !matches!(line.trim().chars().next(), None | Some('#')))
            .map(|(number, line)| {
                let step = serde_json::from_str(line).map_err(|error| no_step(number, &error))?;
                Ok((number, step))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Runs the steps, and prints every answer. Stops at the first that does not come as expected.
    pub(super) async fn run(self, caller: &mut Caller, out: &mut dyn Write) -> Result<(), Exit> {
        let mut saved = Saved::default();
        for (number, step) in self.0 {
            step.run(caller, &mut saved, out)
                .await
                .map_err(|exit| exit.at(&place(number)))?;
        }
        Ok(())
    }
}

impl Step {
    async fn run(
        self,
        caller: &mut Caller,
        saved: &mut Saved,
        out: &mut dyn Write,
    ) -> Result<(), Exit> {
        if let Some(at) = self.at {
            caller.clock.set(at);
        }
        let now = caller
            .clock
            .now()
            .map_err(|it| Exit::Fault(it.to_string()))?;
        let args = saved.fill(self.with, now)?;
        // On the other stream, so that what is printed stays JSON.
        anstream::eprintln!("{DIM}{}{DIM:#}", Printable(&self.call));
        let answer = caller.call(&self.call, args).await?;
        writeln!(out, "{}", pretty(&answer))?;
        out.flush()?;
        let is_err = answer.get("err").is_some();
        match (self.expect, is_err) {
            (Expect::Ok, true) => return Err(answered_err(&self.call)),
            (Expect::Err, false) => {
                let answered = format!("{} answered ok, expected err", self.call);
                return Err(Exit::AnsweredNo(answered));
            }
            _ => {}
        }
        for (name, pointer) in self.save {
            let Some(value) = answer.pointer(&pointer) else {
                let expected = format!("save.{name}: expected `{pointer}` in the answer");
                return Err(Exit::Usage(expected));
            };
            saved.values.insert(name, value.clone());
        }
        if let Some(code) = caller.sent_code() {
            saved.values.insert("sms".to_owned(), Value::String(code));
        }
        Ok(())
    }
}

/// What earlier answers left.
#[derive(Default)]
struct Saved {
    values: BTreeMap<String, Value>,
    authenticator: Option<Authenticator>,
}

impl Saved {
    /// Puts what was saved in the place of its name.
    fn fill(&mut self, value: Value, now: u64) -> Result<Value, Exit> {
        Ok(match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(rest) if rest.starts_with('$') => Value::String(rest.to_owned()),
                Some(name) => self.look_up(name, now)?,
                None => Value::String(text),
            },
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.fill(item, now))
                .collect::<Result<_, _>>()?,
            Value::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| Ok((name, self.fill(value, now)?)))
                .collect::<Result<_, Exit>>()?,
            other => other,
        })
    }

    fn look_up(&mut self, name: &str, now: u64) -> Result<Value, Exit> {
        let (kind, name) = match name.strip_prefix("totp:") {
            Some(name) => (Kind::Code, name),
            None => (Kind::Value, name),
        };
        let Some(value) = self.values.get(name) else {
            let names: Vec<&str> = self.values.keys().map(String::as_str).collect();
            return Err(Exit::Usage(format!(
                "nothing was saved as `{name}`; there is: {}",
                match names.as_slice() {
                    [] => "nothing".to_owned(),
                    names => names.join(", "),
                }
            )));
        };
        match (kind, value) {
            (Kind::Value, value) => Ok(value.clone()),
            (Kind::Code, Value::String(key)) => {
                let authenticator = self.authenticator.get_or_insert_with(Authenticator::find);
                Ok(Value::String(authenticator.code(key, now)?))
            }
            (Kind::Code, _) => Err(Exit::Usage(format!(
                "`{name}`: expected a key in base 32 to make a code of"
            ))),
        }
    }
}

/// How a saved value is used.
#[derive(Clone, Copy)]
enum Kind {
    Value,
    /// As the key of an authenticator app, for its code.
    Code,
}

/// Says where a line ends to be a step. The parser's own words may repeat a secret.
fn no_step(number: usize, error: &serde_json::Error) -> Exit {
    let expected = match error.classify() {
        Category::Eof => "more JSON; it ends too early",
        Category::Data => STEP,
        Category::Syntax | Category::Io => "JSON",
    };
    let place = format!("{} column {}", place(number), error.column());
    Exit::Usage(format!("expected {expected}")).at(&place)
}

fn place(number: usize) -> String {
    format!("line {number}")
}

const STEP: &str = "an object with `call`, and perhaps `with`, `save` (an object of texts), `expect` (ok, err or \
                    any) and `at` (seconds)";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Saved, Script};

    fn fill(saved: &[(&str, Value)], value: Value) -> Result<Value, String> {
        let mut filled = Saved::default();
        for (name, value) in saved {
            filled.values.insert((*name).to_owned(), value.clone());
        }
        filled
            .fill(value, 0)
            .map_err(|exit| exit.message().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_name_stands_for_the_value_saved_under_it_however_deep() {
        let filled = fill(
            &[("it", json!({ "a": 1 }))],
            json!({ "x": ["$it", "it", 2] }),
        );
        assert_eq!(filled, Ok(json!({ "x": [{ "a": 1 }, "it", 2] })));
    }

    #[test]
    fn two_dollars_are_one() {
        assert_eq!(fill(&[], json!("$$it")), Ok(json!("$it")));
    }

    #[test]
    fn a_name_that_was_not_saved_is_an_error_that_says_what_there_is() {
        let error = fill(&[("b", json!(1)), ("a", json!(1))], json!("$c")).unwrap_err();
        assert_eq!(error, "nothing was saved as `c`; there is: a, b");
    }

    #[test]
    fn a_line_that_is_no_step_is_named_with_its_column_and_nothing_of_it() {
        let uri = "otpauth://totp/x?secret=SECRET";
        for (line, expected) in [
            (
                format!(r#"{{"call": "x", "{uri}": 1}}"#),
                "an object with `call`",
            ),
            (
                format!(r#"  {{"call": "x", "at": "{uri}"}}"#),
                "an object with `call`",
            ),
            (
                format!(r#"{{"call": "x", "expect": "{uri}"}}"#),
                "an object with `call`",
            ),
            (
                format!(r#"{{"call": "x", "save": "{uri}"}}"#),
                "an object with `call`",
            ),
            (format!(r#""{uri}""#), "an object with `call`"),
            (format!(r#"{{"call": {uri}}}"#), "JSON"),
            (
                format!(r#"{{"call": "{uri}"#),
                "more JSON; it ends too early",
            ),
        ] {
            let error = Script::parse(&format!("# a comment\n\n{line}\n")).unwrap_err();
            let message = error.message().unwrap();
            let (place, why) = message.split_once(": ").unwrap();
            assert!(place.starts_with("line 3 column "), "{message}");
            assert!(
                why.starts_with(&format!("expected {expected}")),
                "{message}"
            );
            assert!(!message.contains("SECRET"), "{message}");
        }
    }
}
