//! Rules of the tree.

use std::collections::BTreeSet;

use countersign_conformance::{Cases, Clause, HostCase, Level, runner};
use countersign_tests::duties::Duties;
use countersign_tests::tree::{files, named};
use wit_parser::{Docs, Resolve, TypeDefKind};

use crate::{read, root};

#[test]
fn every_duty_has_a_case_or_a_test_and_every_case_a_duty() {
    let duties = duties();
    let stated: BTreeSet<&String> = duties.stated.iter().map(|it| &it.id).collect();
    let claimed = duties.covers.keys();
    let unknown: Vec<_> = claimed.filter(|id| !stated.contains(id)).collect();
    assert!(unknown.is_empty(), "no such duty in wit/: {unknown:?}");
    let missing: Vec<_> = duties.uncovered().map(|it| &it.id).collect();
    assert!(
        missing.is_empty(),
        "no case covers and no test claims: {missing:?}"
    );
}

#[test]
fn every_case_covers_a_duty() {
    let cases = Cases::of_the_contract().expect("the cases are readable");
    for case in cases.files.iter().flat_map(|file| &file.cases) {
        assert!(!case.covers.is_empty(), "{} covers nothing", case.id);
    }
}

#[test]
fn every_duty_is_stated_once() {
    let stated = duties().stated;
    assert!(stated.len() > 100, "only {} were found", stated.len());
    let mut seen = BTreeSet::new();
    for duty in stated {
        assert!(seen.insert(duty.id.clone()), "{} is stated twice", duty.id);
    }
}

#[test]
fn ids_of_cases_are_unique_and_in_kebab_case() {
    let cases = Cases::of_the_contract().expect("the cases are readable");
    let mut seen = BTreeSet::new();
    let ids = cases.files.iter().flat_map(|file| &file.cases);
    let ids = ids.map(|case| case.id.clone());
    let of_hosts = HostCase::all();
    for id in ids.chain(of_hosts.iter().map(|case| case.id.to_owned())) {
        let kebab = id.split('-').all(|word| {
            let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            !word.is_empty() && word.bytes().all(alphanumeric)
        });
        assert!(kebab, "{id} is not in kebab-case");
        assert!(seen.insert(id.clone()), "{id} is there twice");
    }
}

#[test]
fn every_case_for_hosts_covers_a_duty_of_the_host() {
    let duties = duties();
    let hosts = duties.stated.iter().filter(|it| it.whose == "host");
    let hosts: BTreeSet<&str> = hosts.map(|it| it.id.as_str()).collect();
    for case in HostCase::all() {
        assert!(!case.covers.is_empty(), "{} covers nothing", case.id);
        for id in case.covers {
            let known = hosts.contains(id) || id.starts_with("wasi:");
            assert!(known, "{} covers {id}, which is no host's", case.id);
        }
    }
}

#[test]
fn every_duty_of_the_host_has_a_case_for_hosts_or_a_reason() {
    let cases = HostCase::all();
    let covered: BTreeSet<&str> = cases.iter().flat_map(|it| it.covers).copied().collect();
    let reasons = read(&root().join("tests/kit/README.md"));
    for duty in duties().stated.iter().filter(|it| it.whose == "host") {
        let said = reasons.contains(&format!("**{}**", duty.id));
        assert!(covered.contains(&*duty.id) || said, "{}", duty.id);
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

fn duties() -> Duties {
    Duties::of_this_tree().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_kit_carries_every_file_of_cases() {
    let carried = Cases::of_the_contract().expect("the cases are readable");
    let stored = Cases::read(&root().join("tests/cases")).expect("the cases are readable");
    let names = |cases: &Cases| -> Vec<String> {
        cases.files.iter().map(|file| file.name.clone()).collect()
    };
    assert_eq!(names(&carried), names(&stored));
}

#[test]
fn the_kit_quotes_every_duty_of_the_contract() {
    let quoted = Clause::of_the_contract().into_iter();
    let quoted: Vec<(String, String)> = quoted.map(|it| (it.id, it.whose)).collect();
    let stated = duties().stated.into_iter();
    let stated: Vec<(String, String)> = stated.map(|it| (it.id, it.whose)).collect();
    assert_eq!(quoted, stated);
}

#[test]
fn a_quoted_duty_ends_where_its_sentence_does() {
    for clause in Clause::of_the_contract() {
        let text = &clause.text;
        assert!(text.ends_with('.') && !text.contains("**"), "{clause}");
        assert!(!clause.first_sentence().is_empty(), "{clause}");
    }
}

#[test]
fn a_case_of_the_core_calls_nothing_beyond_it() {
    let cases = Cases::of_the_contract().expect("the cases are readable");
    // One that is not for whoever claims more is about just that.
    let core = cases
        .all()
        .filter(|case| case.level == Level::Core && case.unless.is_none());
    for case in core {
        for function in runner::functions(&cases, case) {
            assert!(Level::Core.has(&function), "{} calls {function}", case.id);
        }
    }
}
