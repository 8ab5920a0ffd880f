//! What a case needs: of the lab, and of the plugin.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::case::{Case, Cases, Step, Variables};
use crate::lab::Ability;

/// Returns the abilities that a case needs, those of the sequences that it names included.
///
/// Every case needs to see records: that a refusal changes nothing is checked after each call.
#[must_use]
pub fn needs(cases: &Cases, case: &Case) -> BTreeSet<Ability> {
    let mut needed = BTreeSet::from([Ability::Records, Ability::Events]);
    let mut seen = BTreeSet::new();
    for name in &case.start {
        sequence(cases, name, &mut needed, &mut seen);
    }
    steps(cases, &case.step, &mut needed, &mut seen);
    let text = format!("{:?}", case.step);
    if text.contains("$text(") || text.contains("$mistext(") {
        needed.insert(Ability::Messages);
    }
    needed
}

fn sequence<'a>(
    cases: &'a Cases,
    name: &'a str,
    needed: &mut BTreeSet<Ability>,
    seen: &mut BTreeSet<&'a str>,
) {
    // One that a variable names is of the same kind as those beside it.
    if let Some(inner) = cases
        .templates
        .sequence
        .get(name)
        .filter(|_| seen.insert(name))
    {
        steps(cases, inner, needed, seen);
    }
}

fn steps<'a>(
    cases: &'a Cases,
    all: &'a [Step],
    needed: &mut BTreeSet<Ability>,
    seen: &mut BTreeSet<&'a str>,
) {
    for step in all {
        let needs = [
            (step.clock.is_some(), Ability::ClockFaults),
            (step.random.is_some(), Ability::RandomFaults),
            (
                step.line.is_some() || !step.fates.is_empty(),
                Ability::LineFaults,
            ),
            (
                step.fault.is_some() || !step.sweep.is_empty(),
                Ability::ImportFaults,
            ),
            (step.rotate_keys, Ability::RotateKeys),
            (step.tamper.is_some(), Ability::Tamper),
            (step.restart, Ability::Restart),
            (step.race.is_some(), Ability::Race),
            (step.messages.is_some(), Ability::Messages),
        ];
        needed.extend(needs.iter().filter(|(is, _)| *is).map(|(_, it)| *it));
        if let Some(name) = &step.sequence {
            sequence(cases, name, needed, seen);
        }
        steps(cases, &step.step, needed, seen);
    }
}

/// Returns the functions of the contract that a case may call, those of its sequences and of what its variables name
/// included.
#[must_use]
pub fn functions(cases: &Cases, case: &Case) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for name in case
        .start
        .iter()
        .map(String::as_str)
        .chain(texts(&case.each))
    {
        named(cases, name, &mut found, &mut seen);
    }
    called(cases, &case.step, &mut found, &mut seen);
    found
}

fn called<'a>(
    cases: &'a Cases,
    all: &'a [Step],
    found: &mut BTreeSet<String>,
    seen: &mut BTreeSet<&'a str>,
) {
    for step in all {
        let own = (step.template.as_deref(), step.call.as_deref());
        let raced = step.calls.iter();
        let raced = raced.map(|call| (call.template.as_deref(), call.call.as_deref()));
        for (template, call) in std::iter::once(own).chain(raced) {
            found.extend(call.map(str::to_owned));
            if let Some(name) = template {
                named(cases, name, found, seen);
            }
        }
        let inner = step.sequence.as_deref().into_iter();
        for name in inner.chain(texts(&step.each)) {
            named(cases, name, found, seen);
        }
        called(cases, &step.step, found, seen);
    }
}

/// Follows a name of a sequence or a template; any other text is neither.
fn named<'a>(
    cases: &'a Cases,
    name: &'a str,
    found: &mut BTreeSet<String>,
    seen: &mut BTreeSet<&'a str>,
) {
    if !seen.insert(name) {
        return;
    }
    if let Some(steps) = cases.templates.sequence.get(name) {
        called(cases, steps, found, seen);
    }
    if let Some(template) = cases.templates.call.get(name) {
        found.extend(template.call.clone());
        if let Some(outer) = &template.template {
            named(cases, outer, found, seen);
        }
    }
}

/// The texts among the values of variables.
fn texts(rows: &[Variables]) -> impl Iterator<Item = &str> {
    rows.iter()
        .flat_map(|row| row.values())
        .filter_map(Value::as_str)
}
