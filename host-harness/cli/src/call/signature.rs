//! Functions and their types, laid out to be read.

use std::io::{self, Write};

use countersign_host::Signature;

use crate::style::{BOLD, DIM};

/// Writes functions one below the other. The failure that nearly all of them can answer is written once, at the end.
pub(super) fn write_all(functions: &[Signature], out: &mut dyn Write) -> io::Result<()> {
    let failure = functions
        .iter()
        .find_map(|it| failure_of(it.answer.as_deref()?));
    for function in functions {
        writeln!(out, "{BOLD}{}{BOLD:#}", function.name)?;
        for parameter in &function.parameters {
            let optional = match parameter.optional {
                true => format!("  {DIM}may be left out{DIM:#}"),
                false => String::new(),
            };
            let ty = laid_out(&parameter.ty, parameter.name.len().saturating_add(6), 4);
            writeln!(out, "    {}: {ty}{optional}", parameter.name)?;
        }
        if let Some(answer) = &function.answer {
            let short = failure.map_or(answer.clone(), |it| answer.replace(it, "failure"));
            writeln!(out, "  → {}", laid_out(&short, 4, 4))?;
        }
        writeln!(out)?;
    }
    if let Some(failure) = failure {
        writeln!(out, "{BOLD}failure{BOLD:#}")?;
        writeln!(out, "    {}", laid_out(failure, 4, 4))?;
    }
    Ok(())
}

/// Returns the second type of a `result<_, _>`.
fn failure_of(answer: &str) -> Option<&str> {
    let inner = answer.strip_prefix("result<")?.strip_suffix('>')?;
    split(inner)
        .last()
        .map(|it| it.trim())
        .filter(|it| it.len() > 20)
}

/// Breaks a type into lines where it is too long for one that begins in a column, and indents them.
fn laid_out(ty: &str, column: usize, indent: usize) -> String {
    if column.saturating_add(ty.chars().count()) <= WIDTH {
        return ty.to_owned();
    }
    let Some((head, open, inner, close, tail)) = outermost(ty) else {
        return ty.to_owned();
    };
    // A wrapper around one type stays beside it; what has several parts has one a line.
    let parts = split(inner);
    if let ([only], '<' | '(') = (parts.as_slice(), open) {
        let column = column.saturating_add(head.len()).saturating_add(1);
        return format!(
            "{head}{open}{}{close}{tail}",
            laid_out(only.trim(), column, indent)
        );
    }
    let deeper = indent.saturating_add(2);
    let mut text = format!("{head}{open}\n");
    for part in filled(&parts, deeper) {
        text.push_str(&" ".repeat(deeper));
        text.push_str(&laid_out(&part, deeper, deeper));
        text.push_str(",\n");
    }
    text.push_str(&" ".repeat(indent));
    text.push(close);
    text.push_str(tail);
    text
}

/// Puts neighbouring short parts without a type, such as the names of an enum, on one line.
fn filled(parts: &[&str], indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts.iter().map(|it| it.trim()) {
        let is_name = !part.contains([':', '(', '<', '{']);
        match lines.last_mut() {
            Some(last)
                if is_name
                    && !last.contains([':', '(', '<', '{'])
                    && indent.saturating_add(last.len()).saturating_add(part.len()) < WIDTH - 4 =>
            {
                last.push_str(", ");
                last.push_str(part);
            }
            _ => lines.push(part.to_owned()),
        }
    }
    lines
}

/// Splits a type at its first bracket and the one that closes it.
fn outermost(ty: &str) -> Option<(&str, char, &str, char, &str)> {
    let (start, open) = ty.char_indices().find(|(_, it)| "<({".contains(*it))?;
    let mut depth: usize = 0;
    for (end, it) in ty.char_indices().skip_while(|(at, _)| *at < start) {
        match it {
            '<' | '(' | '{' => depth = depth.saturating_add(1),
            '>' | ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            let inner = ty.get(start.checked_add(1)?..end)?;
            let tail = ty.get(end.checked_add(1)?..)?;
            return Some((ty.get(..start)?, open, inner.trim(), it, tail));
        }
    }
    None
}

/// Splits at the commas that stand in no brackets.
fn split(inner: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut depth: usize = 0;
    let mut from = 0;
    for (at, it) in inner.char_indices() {
        match it {
            '<' | '(' | '{' => depth = depth.saturating_add(1),
            '>' | ')' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(inner.get(from..at));
                from = at.saturating_add(1);
            }
            _ => {}
        }
    }
    parts.extend(inner.get(from..));
    parts
}

/// Columns that are filled.
const WIDTH: usize = 96;

#[cfg(test)]
mod tests {
    use super::{failure_of, laid_out, split};

    #[test]
    fn commas_inside_brackets_split_nothing() {
        assert_eq!(split("a<b, c>, d"), ["a<b, c>", " d"]);
    }

    #[test]
    fn a_short_type_stays_on_its_line() {
        assert_eq!(laid_out("list<string>", 4, 4), "list<string>");
    }

    #[test]
    fn a_long_record_has_one_field_a_line() {
        let long = "x".repeat(60);
        let ty = format!("option<record {{ a: {long}, b: {long} }}>");
        let expected = format!("option<record {{\n      a: {long},\n      b: {long},\n    }}>");
        assert_eq!(laid_out(&ty, 4, 4), expected);
    }

    #[test]
    fn a_failure_is_the_second_type_of_a_result() {
        let failure = "variant { busy, other(string) }";
        let answer = format!("result<tuple<u8, u8>, {failure}>");
        assert_eq!(failure_of(&answer), Some(failure));
        assert_eq!(failure_of("record { a: u8 }"), None);
    }
}
