//! What an answer must look like.

use serde_json::{Map, Value, json};

/// Says whether `actual` is as `pattern` wants it; otherwise where it is not, and what was expected there.
///
/// | pattern | matches |
/// |---|---|
/// | an object | an object that has these entries, each as wanted, and maybe others |
/// | a list | a list of as many elements, each as wanted |
/// | `"$any"` | anything but null |
/// | `{ "$not": x }` | anything but x, and not null |
/// | `{ "$at-most": n }`, `{ "$at-least": n }` | a number up to, or from, n |
/// | null | null, or an entry that is not there |
/// | a text | the same text, or a variant's case of that name with whatever it carries |
/// | anything else | the same |
///
/// # Errors
///
/// The first place that is not as wanted.
pub fn check(pattern: &Value, actual: &Value) -> Result<(), String> {
    let found = match pattern {
        Value::String(path) => at("answer", &nested(path), actual),
        pattern => at("answer", pattern, actual),
    };
    found.map_err(|why| format!("{why}; it was {}", shortened(actual)))
}

/// Turns `err.ticket.spent` into `{"err": {"ticket": "spent"}}`.
fn nested(path: &str) -> Value {
    match path.split_once('.') {
        Some((outer, inner)) => {
            let mut object = Map::new();
            object.insert(outer.to_owned(), nested(inner));
            Value::Object(object)
        }
        None => json!(path),
    }
}

fn at(path: &str, pattern: &Value, actual: &Value) -> Result<(), String> {
    let mismatch = || {
        Err(format!(
            "{path}: expected {pattern}, found {}",
            shortened(actual)
        ))
    };
    match (pattern, actual) {
        (Value::Object(wanted), _) if operator(wanted).is_some() => {
            match operator(wanted).is_some_and(|(name, value)| holds(name, value, actual)) {
                true => Ok(()),
                false => mismatch(),
            }
        }
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().try_for_each(|(name, it)| {
                let entry = found.get(name).unwrap_or(&Value::Null);
                let compared = at(&format!("{path}.{name}"), it, entry);
                match compared {
                    // Another case of a variant: what it is tells more than that the wanted one is not there.
                    Err(_)
                        if wanted.len() == 1 && found.len() == 1 && !found.contains_key(name) =>
                    {
                        mismatch()
                    }
                    compared => compared,
                }
            })
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => wanted
            .iter()
            .zip(found)
            .enumerate()
            .try_for_each(|(i, (wanted, found))| at(&format!("{path}[{i}]"), wanted, found)),
        (Value::String(any), found) if any == ANY && !found.is_null() => Ok(()),
        (Value::String(case), Value::Object(found))
            if found.len() == 1 && found.contains_key(case) =>
        {
            Ok(())
        }
        (wanted, found) if wanted == found => Ok(()),
        _ => mismatch(),
    }
}

fn operator(wanted: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = wanted.iter();
    let (name, value) = entries.next()?;
    (entries.next().is_none() && name.starts_with('$')).then_some((name, value))
}

fn holds(operator: &str, value: &Value, actual: &Value) -> bool {
    let numbers = || Some((value.as_i64()?, actual.as_i64()?));
    match operator {
        "$not" => value != actual && !actual.is_null(),
        "$at-most" => numbers().is_some_and(|(most, it)| it <= most),
        "$at-least" => numbers().is_some_and(|(least, it)| it >= least),
        _ => false,
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// The pattern of anything that is there.
const ANY: &str = "$any";

/// How much of an answer a message shows.
const LONGEST: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_cases_of_variants() {
        let answer = json!({ "err": { "ticket": "spent" } });
        assert_eq!(check(&json!("err.ticket.spent"), &answer), Ok(()));
        assert_eq!(check(&json!("err.ticket"), &answer), Ok(()));
        assert_eq!(check(&json!("err"), &answer), Ok(()));
        assert!(check(&json!("ok"), &answer).is_err());
        assert!(check(&json!("err.ticket.unknown"), &answer).is_err());
    }

    #[test]
    fn an_object_may_have_more_and_a_list_may_not() {
        let answer = json!({ "a": [1, 2], "b": null, "c": "x" });
        assert_eq!(check(&json!({ "a": [1, 2] }), &answer), Ok(()));
        assert_eq!(check(&json!({ "b": null, "d": null }), &answer), Ok(()));
        assert!(check(&json!({ "a": [1] }), &answer).is_err());
        assert!(check(&json!({ "d": "$any" }), &answer).is_err());
        assert!(check(&json!({ "c": { "$not": "x" } }), &answer).is_err());
        assert_eq!(check(&json!({ "c": { "$not": "y" } }), &answer), Ok(()));
        assert!(check(&json!({ "a": { "$at-most": 1 } }), &answer).is_err());
    }

    #[test]
    fn a_mismatch_says_where() {
        let error = check(&json!({ "a": [1] }), &json!({ "a": [2] }));
        assert_eq!(
            error.expect_err("they differ"),
            r#"answer.a[0]: expected 1, found 2; it was {"a":[2]}"#
        );
        let answer = json!({ "ok": { "accepted": 1 } });
        let error = check(&json!("ok.rejected.reason"), &answer);
        assert_eq!(
            error.expect_err("they differ"),
            r#"answer.ok: expected {"rejected":"reason"}, found {"accepted":1}; it was {"ok":{"accepted":1}}"#
        );
    }
}
