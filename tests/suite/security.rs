//! SECURITY.md and the tests that it names.

use std::collections::{BTreeMap, BTreeSet};

use countersign_conformance::Cases;
use countersign_tests::tree::{files, named, root};

use crate::read;

#[test]
fn what_the_security_page_names_exists() {
    let cases = Cases::of_the_contract().expect("the cases are readable");
    let cases: BTreeSet<String> = cases
        .files
        .into_iter()
        .flat_map(|file| file.cases)
        .map(|case| case.id)
        .collect();
    let tests: BTreeSet<String> = rust_tests().into_iter().map(|test| test.name).collect();
    for row in rows() {
        assert!(!row.tests.is_empty(), "{:?} names no test", row.ids);
        for name in &row.tests {
            let known = cases.contains(name) || tests.contains(name);
            assert!(known, "{:?} names {name}, which is not there", row.ids);
        }
    }
}

#[test]
fn the_security_page_has_each_id_once() {
    let mut seen = BTreeSet::new();
    for id in rows().into_iter().flat_map(|row| row.ids) {
        assert!(seen.insert(id.clone()), "{id} is there twice");
    }
    assert!(seen.len() > 110, "only {} ids were found", seen.len());
}

#[test]
fn a_failure_of_others_and_the_tests_that_show_it_name_each_other() {
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows() {
        for id in row.ids.iter().filter(|id| is_failure(id)) {
            shown.insert(id.clone(), row.tests.iter().cloned().collect());
        }
    }
    let mut marked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for test in rust_tests().into_iter().chain(marked_cases()) {
        for id in test.ids.into_iter().filter(|id| is_failure(id)) {
            marked.entry(id).or_default().insert(test.name.clone());
        }
    }
    for id in shown.keys().chain(marked.keys()) {
        assert_eq!(
            shown.get(id),
            marked.get(id),
            "{id}: on the left what the page names, on the right what has it in a comment"
        );
    }
}

#[test]
fn every_id_in_a_comment_stands_on_the_security_page() {
    let page: BTreeSet<String> = ids(&page()).into_iter().collect();
    for directory in ["guest", "host-harness", "tests"] {
        for path in files(directory, &[".rs", ".toml"]) {
            let text = read(&path);
            let comments = text.lines().filter_map(|line| {
                let place = line
                    .find("// ")
                    .or_else(|| line.starts_with("# ").then_some(0))?;
                line.get(place..)
            });
            for id in comments.flat_map(ids) {
                assert!(
                    page.contains(&id),
                    "{}: {id} is not on the page",
                    named(&path)
                );
            }
        }
    }
}

/// A line of a table of the page.
struct Row {
    ids: Vec<String>,
    tests: Vec<String>,
}

/// A test or case, and the ids in the comment above it.
struct Marked {
    name: String,
    ids: Vec<String>,
}

fn page() -> String {
    read(&root().join("SECURITY.md"))
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for line in page().lines() {
        let Some(line) = line.strip_prefix("| ").and_then(|it| it.strip_suffix(" |")) else {
            continue;
        };
        let cells: Vec<&str> = line.split(" | ").collect();
        let (first, last) = (cells[0], cells[cells.len() - 1]);
        let found = ids(first);
        if found.is_empty() {
            continue;
        }
        let names = last.split('`').skip(1).step_by(2);
        rows.push(Row {
            ids: found,
            tests: names.map(str::to_owned).collect(),
        });
    }
    rows
}

/// The cases with ids in the line above them.
fn marked_cases() -> Vec<Marked> {
    let mut found = Vec::new();
    for path in files("tests/cases", &[".toml"]) {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().collect();
        for three in lines.windows(3) {
            let [comment, "[[case]]", id] = three else {
                continue;
            };
            let ids = ids(comment.strip_prefix("# ").unwrap_or_default());
            let name = id.split('"').nth(1).unwrap_or_default().to_owned();
            if !ids.is_empty() {
                found.push(Marked { name, ids });
            }
        }
    }
    found
}

/// The Rust tests, with the ids in the comments between what comes before and their name.
fn rust_tests() -> Vec<Marked> {
    let mut found = Vec::new();
    for directory in ["guest", "host-harness", "tests"] {
        for path in files(directory, &[".rs"]) {
            let (mut is_test, mut above, mut before) = (false, Vec::new(), String::new());
            for line in read(&path).lines().map(str::trim) {
                let name = trial(&before, line).map(str::to_owned);
                line.clone_into(&mut before);
                if let Some(name) = name {
                    let ids = std::mem::take(&mut above);
                    found.push(Marked { name, ids });
                } else if line == "trial(" {
                    // Its name is on the next line.
                } else if let Some(comment) = line.strip_prefix("//") {
                    above.extend(ids(comment));
                } else if line.starts_with("#[") {
                    is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
                } else {
                    let function = line.strip_prefix("async ").unwrap_or(line);
                    let name = function
                        .strip_prefix("fn ")
                        .and_then(|it| it.split('(').next());
                    // A trial of every kind of store.
                    is_test |= function.ends_with("(place: Place) {");
                    if let Some(name) = name.filter(|_| is_test) {
                        let (name, ids) = (name.to_owned(), above);
                        found.push(Marked { name, ids });
                    }
                    (is_test, above) = (false, Vec::new());
                }
            }
        }
    }
    assert!(found.len() > 150, "only {} tests were found", found.len());
    found
}

/// The name of a trial, if this line has one.
fn trial<'a>(before: &str, line: &'a str) -> Option<&'a str> {
    let name = match before {
        "trial(" => line.strip_prefix('"')?,
        _ => line.strip_prefix("trial(\"")?,
    };
    name.split('"').next()
}

/// The ids in a text: one of five letters, a hyphen, two digits, and nothing of a word on either side.
fn ids(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter(|word| {
            matches!(word.as_bytes(), [b'V' | b'N' | b'A' | b'H' | b'E', b'-', tens, ones]
                if tens.is_ascii_digit() && ones.is_ascii_digit())
        })
        .map(str::to_owned)
        .collect()
}

fn is_failure(id: &str) -> bool {
    id.starts_with('V')
}
