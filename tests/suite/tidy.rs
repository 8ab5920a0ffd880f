//! Rules of the tree.

use std::collections::{BTreeMap, BTreeSet};

use countersign_conformance::Cases;
use wit_parser::{Docs, Resolve, TypeDefKind};

use crate::{files, named, read, root};

/// Where Rust tests say which duties they hold somebody to: in lines that begin with `// covers:`.
const MARKED: [&str; 2] = ["tests", "host-harness/tests"];

#[test]
fn every_duty_has_a_case_or_a_test_or_a_reason_and_every_case_a_duty() {
    let stated = stated();
    let cases = Cases::of_this_crate().expect("the cases are readable");
    let mut covered: BTreeMap<String, String> = BTreeMap::new();
    for file in &cases.files {
        for case in &file.cases {
            assert!(!case.covers.is_empty(), "{} covers nothing", case.id);
            for id in &case.covers {
                covered.insert(id.clone(), format!("case {}", case.id));
            }
        }
    }
    covered.extend(marked());
    let next: BTreeSet<String> = cases.next.iter().map(|next| next.id.clone()).collect();

    let unknown: Vec<String> = covered
        .iter()
        .filter(|(id, _)| !stated.contains(*id))
        .map(|(id, by)| format!("{id} ({by})"))
        .chain(next.difference(&stated).cloned())
        .collect();
    assert!(unknown.is_empty(), "no such duty in wit/: {unknown:?}");
    let twice: Vec<_> = next.iter().filter(|id| covered.contains_key(*id)).collect();
    assert!(twice.is_empty(), "covered, and in next.toml too: {twice:?}");
    let missing: Vec<_> = stated
        .iter()
        .filter(|id| !covered.contains_key(*id) && !next.contains(*id))
        .collect();
    assert!(
        missing.is_empty(),
        "no case covers, no test claims and next.toml does not name: {missing:?}"
    );
}

#[test]
fn every_duty_is_stated_once() {
    let mut seen = BTreeSet::new();
    for id in all_stated() {
        assert!(seen.insert(id.clone()), "{id} is stated twice");
    }
}

#[test]
fn what_comes_next_has_a_reason() {
    let cases = Cases::of_this_crate().expect("the cases are readable");
    for next in cases.next {
        assert!(next.reason.len() > 10, "{} has no reason", next.id);
    }
}

#[test]
fn ids_of_cases_are_unique_and_in_kebab_case() {
    let cases = Cases::of_this_crate().expect("the cases are readable");
    let mut seen = BTreeSet::new();
    for case in cases.files.iter().flat_map(|file| &file.cases) {
        let id = &case.id;
        let kebab = id.split('-').all(|word| {
            let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            !word.is_empty() && word.bytes().all(alphanumeric)
        });
        assert!(kebab, "{id} is not in kebab-case");
        assert!(seen.insert(id), "{id} is there twice");
    }
}

#[test]
fn no_file_is_longer_than_500_lines() {
    for directory in ["guest", "host-harness", "tests", "wit"] {
        for path in files(directory, &[".rs", ".wit"]) {
            let lines = read(&path).lines().count();
            assert!(lines <= 500, "{} has {lines} lines", named(&path));
        }
    }
}

#[test]
fn everything_in_the_contract_is_documented() {
    let mut resolve = Resolve::default();
    let wit = root().join("wit");
    resolve.push_path(&wit).expect("the contract is readable");
    let mut bare = Vec::new();
    let mut check = |docs: &Docs, name: String| {
        if docs.contents.as_ref().is_none_or(|it| it.trim().is_empty()) {
            bare.push(name);
        }
    };
    for (_, world) in &resolve.worlds {
        check(&world.docs, format!("world {}", world.name));
    }
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.clone().unwrap_or_default();
        check(&interface.docs, format!("interface {name}"));
        for (function, it) in &interface.functions {
            check(&it.docs, format!("{name}.{function}"));
        }
        for (type_name, id) in &interface.types {
            let ty = &resolve.types[*id];
            // What `use` brings in is documented where it comes from.
            if matches!(ty.kind, TypeDefKind::Type(wit_parser::Type::Id(other))
                if resolve.types[other].name == ty.name)
            {
                continue;
            }
            check(&ty.docs, format!("{name}.{type_name}"));
            let inner: Vec<(&String, &Docs)> = match &ty.kind {
                TypeDefKind::Record(it) => it.fields.iter().map(|f| (&f.name, &f.docs)).collect(),
                TypeDefKind::Variant(it) => it.cases.iter().map(|c| (&c.name, &c.docs)).collect(),
                TypeDefKind::Enum(it) => it.cases.iter().map(|c| (&c.name, &c.docs)).collect(),
                TypeDefKind::Flags(it) => it.flags.iter().map(|f| (&f.name, &f.docs)).collect(),
                _ => Vec::new(),
            };
            for (inner, docs) in inner {
                check(docs, format!("{name}.{type_name}.{inner}"));
            }
        }
    }
    assert!(bare.is_empty(), "without a doc comment: {bare:?}");
}

fn stated() -> BTreeSet<String> {
    all_stated().into_iter().collect()
}

/// The ids of all duties, which stand in bold before whose duty they are: `**SIGN-3** (plugin)`.
fn all_stated() -> Vec<String> {
    let mut found = Vec::new();
    for path in files("wit", &[".wit"]) {
        let text = read(&path);
        let parts: Vec<&str> = text.split("**").collect();
        for pair in parts.windows(2) {
            if is_id(pair[0]) && pair[1].starts_with(" (") {
                found.push(pair[0].to_owned());
            }
        }
    }
    assert!(found.len() > 100, "only {} duties were found", found.len());
    found
}

fn marked() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in MARKED
        .iter()
        .flat_map(|directory| files(directory, &[".rs"]))
    {
        for line in read(&path).lines() {
            let Some(ids) = line.trim().strip_prefix("// covers:") else {
                continue;
            };
            for id in ids.split(',').map(str::trim) {
                assert!(is_id(id), "{}: {id} is no id", named(&path));
                found.push((id.to_owned(), named(&path)));
            }
        }
    }
    found
}

fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(area, number)| {
        let upper = |b: u8| b.is_ascii_uppercase();
        !area.is_empty()
            && area.bytes().all(upper)
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}
