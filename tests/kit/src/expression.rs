//! What stands for something else in a case: every text that begins with `$`.

use serde_json::{Map, Value, json};

use crate::authenticator::Authenticator;
use crate::case::Variables;

/// What expressions refer to.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Variables that the case gives; they may be expressions themselves.
    pub given: Variables,
    /// Variables that were saved from answers, or computed.
    pub saved: Variables,
    /// The text messages that went out: number and code, the oldest first.
    pub texts: Vec<(String, String)>,
    /// The time.
    pub now: u64,
}

impl Scope {
    /// Puts values in the place of all expressions in `value`.
    ///
    /// # Errors
    ///
    /// Which expression means nothing.
    pub fn resolve(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::String(text) if text.starts_with('$') => self.expression(text),
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(fields) => match (fields.get("$count"), fields.get("$of")) {
                (Some(count), Some(of)) => self.list(count, of),
                _ => fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.resolve(value)?)))
                    .collect::<Result<Map<_, _>, String>>()
                    .map(Value::Object),
            },
            other => Ok(other.clone()),
        }
    }

    fn expression(&self, text: &str) -> Result<Value, String> {
        if text == "$any" {
            return Ok(json!(text));
        }
        let body = text.trim_start_matches('$');
        let call = body
            .strip_suffix(')')
            .and_then(|it| it.split_once('('))
            .filter(|(name, _)| name.chars().all(|it| it.is_ascii_lowercase()));
        if let Some((name, arguments)) = call {
            return self
                .function(name, arguments)
                .map_err(|why| format!("{text}: {why}"));
        }
        let last = [(true, " + "), (false, " - ")]
            .into_iter()
            .filter_map(|(is_sum, operator)| Some((body.rfind(operator)?, is_sum)))
            .max();
        if let Some((place, is_sum)) = last {
            let (left, right) = body.split_at(place);
            let left = self.number(&format!("${left}"))?;
            let right = self.number(right.get(3..).unwrap_or_default())?;
            return left
                .checked_add(if is_sum {
                    right
                } else {
                    right.saturating_neg()
                })
                .map(|sum| json!(sum))
                .ok_or_else(|| format!("{text} is out of range"));
        }
        self.variable(body)
    }

    fn variable(&self, path: &str) -> Result<Value, String> {
        let (name, rest) = match path.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        let value = match name {
            "none" => Value::Null,
            "now" => json!(self.now),
            name => match (self.saved.get(name), self.given.get(name)) {
                (Some(saved), _) => saved.clone(),
                (None, Some(given)) => self.resolve(given)?,
                (None, None) => return Err(format!("${name} is not set")),
            },
        };
        match rest {
            Some(rest) => look_up(&value, rest).ok_or_else(|| format!("${path} is not there")),
            None => Ok(value),
        }
    }

    fn number(&self, text: &str) -> Result<i64, String> {
        let value = match text.starts_with('$') {
            true => self.expression(text)?,
            false => json!(
                text.trim()
                    .parse::<i64>()
                    .map_err(|_| format!("{text} is no number"))?
            ),
        };
        value
            .as_i64()
            .ok_or_else(|| format!("{text} is no number, but {value}"))
    }

    /// A text: the argument itself, or the variable it names.
    fn text(&self, argument: &str) -> Result<String, String> {
        match argument.starts_with('$') {
            true => match self.expression(argument)? {
                Value::String(text) => Ok(text),
                other => Err(format!("{argument} is no text, but {other}")),
            },
            false => Ok(argument.to_owned()),
        }
    }

    fn function(&self, name: &str, arguments: &str) -> Result<Value, String> {
        let (first, second) = match arguments.split_once(", ") {
            Some((first, second)) => (first, Some(second)),
            None => (arguments, None),
        };
        let missing = || "a second argument is missing".to_owned();
        match name {
            "code" => {
                let offset = second.map_or(Ok(0), |it| self.number(it))?;
                Ok(json!(self.app(first)?.code_near(self.now, offset)))
            }
            "wrong" => {
                let n = second.map_or(Ok(0), |it| self.number(it))?;
                let n = usize::try_from(n).map_err(|error| error.to_string())?;
                Ok(json!(self.app(first)?.wrong_code(self.now, n)))
            }
            "typed" => {
                let code = self.app(first)?.code(self.now);
                Ok(json!(fill(&self.text(second.ok_or_else(missing)?)?, &code)))
            }
            "spelt" => {
                let code = self.text(&format!("${first}"))?;
                Ok(json!(spelt(
                    &code,
                    &self.text(second.ok_or_else(missing)?)?
                )?))
            }
            "text" => {
                let n = second.map_or(Ok(0), |it| self.number(it))?;
                self.sent_code(first, n).map(|code| json!(code))
            }
            "mistext" => {
                let n = second.map_or(Ok(0), |it| self.number(it))?;
                let code: i64 = self
                    .sent_code(first, 0)?
                    .parse()
                    .map_err(|_| "a code that is no number")?;
                let other = code
                    .saturating_add(n)
                    .saturating_add(1)
                    .rem_euclid(1_000_000);
                Ok(json!(format!("{other:06}")))
            }
            "join" => arguments
                .split(", ")
                .map(|name| self.text(&format!("${name}")))
                .collect::<Result<String, String>>()
                .map(|joined| json!(joined)),
            "pad" => {
                let length = self.number(second.ok_or_else(missing)?)?;
                let length = usize::try_from(length).map_err(|error| error.to_string())?;
                Ok(json!(format!("{:x<length$}", self.text(first)?)))
            }
            "repeat" => {
                let times = self.number(second.ok_or_else(missing)?)?;
                let times = usize::try_from(times).map_err(|error| error.to_string())?;
                Ok(json!(self.text(first)?.repeat(times)))
            }
            "not" => Ok(json!({ "$not": self.expression(&format!("${first}"))? })),
            _ => Err("there is no such function".to_owned()),
        }
    }

    /// The code of the last message to a number, or of the `n`th before it.
    fn sent_code(&self, number: &str, n: i64) -> Result<String, String> {
        let number = self.text(&format!("${number}"))?;
        let n = usize::try_from(n).map_err(|error| error.to_string())?;
        let mut to_it = self.texts.iter().rev().filter(|(to, _)| *to == number);
        let (_, code) = to_it.nth(n).ok_or("no such message went out")?;
        Ok(code.clone())
    }

    fn app(&self, name: &str) -> Result<Authenticator, String> {
        Authenticator::scan(&self.text(&format!("${name}"))?)
    }

    /// A list of `count` times `of`, in whose texts `#` stands for the place.
    fn list(&self, count: &Value, of: &Value) -> Result<Value, String> {
        let count = self.resolve(count)?;
        let count = count.as_u64().ok_or("$count is no number")?;
        (1..=count)
            .map(|place| self.resolve(&numbered(of, &place.to_string())))
            .collect()
    }
}

/// Finds what lies at a path such as `ok.challenge.methods.0.state`.
#[must_use]
pub fn look_up(value: &Value, path: &str) -> Option<Value> {
    path.split('.')
        .try_fold(value, |value, part| match value {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            other => other.get(part),
        })
        .cloned()
}

fn numbered(value: &Value, place: &str) -> Value {
    match value {
        Value::String(text) => json!(text.replace('#', place)),
        Value::Array(items) => items.iter().map(|item| numbered(item, place)).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), numbered(value, place)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Puts the digits of a code in the place of the `#` of a mask.
fn fill(mask: &str, code: &str) -> String {
    let mut digits = code.chars();
    mask.chars()
        .filter_map(|it| match it {
            '#' => digits.next(),
            other => Some(other),
        })
        .collect()
}

/// Spells a recovery code as people do.
fn spelt(code: &str, how: &str) -> Result<String, String> {
    Ok(match how {
        "lower" => code.to_lowercase(),
        "joined" => code.replace('-', ""),
        "spaced" => code.replace('-', " "),
        "lookalike" => code.replace('0', "O").replace('1', "I"),
        "lower-lookalike" => code.to_lowercase().replace('0', "o").replace('1', "l"),
        "wrong" => code
            .chars()
            .enumerate()
            .map(|(place, it)| match (place, it) {
                (0, '7') => '8',
                (0, _) => '7',
                (_, it) => it,
            })
            .collect(),
        "short" => code.chars().skip(1).collect(),
        "long" => format!("{code}0"),
        "with-u" => format!("U{}", code.chars().skip(1).collect::<String>()),
        _ => return Err("there is no such spelling".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        let mut scope = Scope {
            now: 59,
            ..Scope::default()
        };
        scope
            .saved
            .insert("app".into(), json!("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
        scope.given.insert("later".into(), json!("$now + 30"));
        scope.given.insert("mask".into(), json!("### - ###"));
        scope
    }

    #[test]
    fn expressions_are_replaced_wherever_they_stand() {
        let value = json!({ "a": ["$code(app)", "$later", "x"], "b": "$none" });
        assert_eq!(
            scope().resolve(&value),
            Ok(json!({ "a": ["287082", 89, "x"], "b": null }))
        );
        assert_eq!(
            scope().resolve(&json!("$typed(app, $mask)")),
            Ok(json!("287 - 082"))
        );
        assert_eq!(scope().resolve(&json!("$later - 1")), Ok(json!(88)));
        assert!(scope().resolve(&json!("$nothing")).is_err());
    }

    #[test]
    fn lists_are_counted_out() {
        let value = json!({ "$count": 2, "$of": { "company": "c#" } });
        assert_eq!(
            scope().resolve(&value),
            Ok(json!([{ "company": "c1" }, { "company": "c2" }]))
        );
    }
}
