//! YAML, as far as systems write it for one another: without anchors, aliases and tags.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Value};

use super::document::{Budget, Document};
use super::row::Refusal;

/// Parses one YAML document into a tree.
///
/// A scalar stays text, whatever it looks like: what is a number is for its reader to know. Only a plain `null`, `~`,
/// `true` or `false`, and an empty one, mean what they say. So a key that looks like a number is no number.
pub(super) fn parse(text: &str) -> Result<Document, Refusal> {
    let mut tree = Tree {
        root: None,
        open: Vec::new(),
        budget: Budget::of(MOST),
    };
    for event in Parser::new_from_str(text) {
        // The parser's own words may repeat a name of the file.
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            Refusal::expected(place(mark.line(), mark.col()), "YAML")
        })?;
        tree.take(event, &span)?;
    }
    Ok(Document::new(tree.root.take().unwrap_or(Value::Null)))
}

/// What has been read so far.
struct Tree {
    root: Option<Value>,
    open: Vec<Open>,
    budget: Budget,
}

/// A collection whose end has not come.
enum Open {
    List(Vec<Value>),
    /// With the key whose value is to come.
    Fields(Map<String, Value>, Option<String>),
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Refusal> {
        let refused = |expected: &str| {
            let place = place(span.start.line(), span.start.col());
            Err(Refusal::expected(place, expected))
        };
        if !self.pay(&event) {
            let place = place(span.start.line(), span.start.col());
            return Err(self.budget.refused(place));
        }
        match event {
            Event::Alias(_) => return refused("no alias"),
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => return refused("no tag"),
            Event::DocumentStart(_) if self.root.is_some() => return refused("one document"),
            Event::SequenceStart(..) | Event::MappingStart(..) if self.open.len() >= DEEPEST => {
                return refused("fewer lists in lists");
            }
            Event::SequenceStart(..) => self.open.push(Open::List(Vec::new())),
            Event::MappingStart(..) => self.open.push(Open::Fields(Map::new(), None)),
            Event::Scalar(text, style, ..) => {
                if let Some(Open::Fields(fields, key @ None)) = self.open.last_mut() {
                    if fields.contains_key(&*text) {
                        return refused("each name once");
                    }
                    *key = Some(text.into_owned());
                } else {
                    self.put(scalar(&text, style));
                }
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let value = match self.open.pop() {
                    Some(Open::List(items)) => Value::Array(items),
                    Some(Open::Fields(fields, _)) => Value::Object(fields),
                    None => return refused("YAML"),
                };
                if let Some(Open::Fields(_, None)) = self.open.last() {
                    return refused("a name that is text");
                }
                self.put(value);
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// Takes from the budget what an event adds to the tree.
    fn pay(&mut self, event: &Event<'_>) -> bool {
        let adds = matches!(
            event,
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..)
        );
        match self.open.last() {
            Some(Open::List(items)) if adds => self.budget.take_item(items.len()),
            Some(Open::Fields(fields, None)) if adds => self.budget.take_field(fields.len()),
            _ => true,
        }
    }

    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Fields(fields, key)) => {
                if let Some(key) = key.take() {
                    fields.insert(key, value);
                }
            }
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match (style, text) {
        (ScalarStyle::Plain, "" | "~" | "null") => Value::Null,
        (ScalarStyle::Plain, "true") => Value::Bool(true),
        (ScalarStyle::Plain, "false") => Value::Bool(false),
        _ => Value::String(text.to_owned()),
    }
}

/// Columns are counted from 0 by the parser, lines from 1.
fn place(line: usize, column: usize) -> String {
    format!("line {line} column {}", column.saturating_add(1))
}

/// What is exported is three deep at most.
const DEEPEST: usize = 16;

/// About what 30,000 tokens of privacyIDEA take, or 90,000 of Authelia.
const MOST: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn text_stays_text_whatever_it_looks_like() {
        let document = parse("a: 123e45\nb: '007'\nc: 6\nd: true\ne:\nf: \"null\"\n").unwrap();
        let root = document.root();
        for (name, text) in [("a", "123e45"), ("b", "007"), ("c", "6"), ("f", "null")] {
            assert_eq!(root.get(name).unwrap().text("").unwrap(), text);
        }
        assert!(root.get("d").unwrap().flag().unwrap());
        assert_eq!(root.get("c").unwrap().number().unwrap(), 6);
        assert!(root.get("e").is_none());
    }

    #[test]
    fn what_would_take_far_more_memory_than_its_text_is_refused_where_it_does() {
        let text = format!("[{}]", "a: b, ".repeat(240_000));
        let refusal = parse(&text).unwrap_err().to_string();
        assert!(refusal.starts_with("line 1 column "), "{refusal}");
        assert!(
            refusal.ends_with("what fits into 64 MiB of memory; import it in parts"),
            "{refusal}"
        );
    }

    #[test]
    fn what_could_mean_two_things_or_grow_is_refused_where_it_stands() {
        let deep = "[".repeat(17);
        for (text, error) in [
            ("a: &x 1\nb: *x\n", "line 2 column 4: expected no alias"),
            ("a: !!binary AAAA\n", "line 1 column 13: expected no tag"),
            ("a: 1\na: 2\n", "line 2 column 1: expected each name once"),
            ("a\n---\nb\n", "line 2 column 1: expected one document"),
            (&deep, "line 1 column 17: expected fewer lists in lists"),
            ("a: 'SECRET\n", "line 2 column 1: expected YAML"),
        ] {
            let refusal = parse(text).unwrap_err().to_string();
            // Where exactly the parser sees a fault is its own affair.
            let expected = error.split_once(": ").unwrap().1;
            assert!(refusal.ends_with(expected), "{refusal}");
            assert!(refusal.starts_with("line "), "{refusal}");
        }
    }
}
