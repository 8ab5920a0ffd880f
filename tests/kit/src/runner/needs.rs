//! What a case needs: of the lab, and of the plugin.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::case::{Case, Cases, Step, Template, Variables};
use crate::lab::Ability;

/// Returns the abilities that a case needs, those of the sequences that it names included.
///
/// Every case needs to see records: that a refusal changes nothing is checked after each call.
#[must_use]
pub fn needs(cases: &Cases, case: &Case) -> BTreeSet<Ability> {
    let mut needed = BTreeSet::from([Ability::Records, Ability::Events]);
    let reach = Reach::of(cases, case);
    for step in &reach.steps {
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
    }
    let reads_texts = |it: String| it.contains("$text(") || it.contains("$mistext(");
    let mut steps = reach.steps.iter().map(|it| format!("{it:?}"));
    let mut templates = reach.templates.iter().map(|it| format!("{it:?}"));
    if steps.any(reads_texts) || templates.any(reads_texts) {
        needed.insert(Ability::Messages);
    }
    needed
}

/// Returns the functions of the contract that a case may call, those of its sequences and of what its variables name
/// included.
#[must_use]
pub fn functions(cases: &Cases, case: &Case) -> BTreeSet<String> {
    let reach = Reach::of(cases, case);
    let own = reach.steps.iter().filter_map(|it| it.call.as_ref());
    let raced = reach.steps.iter().flat_map(|it| &it.calls);
    let built_on = reach.templates.into_iter();
    let calls = raced.chain(built_on).filter_map(|it| it.call.as_ref());
    own.chain(calls).cloned().collect()
}

/// All that a case comes to: its steps and those of the sequences that it or its variables name, with the templates
/// that their calls build on.
struct Reach<'a> {
    cases: &'a Cases,
    steps: Vec<&'a Step>,
    templates: Vec<&'a Template>,
    seen: BTreeSet<&'a str>,
}

impl<'a> Reach<'a> {
    fn of(cases: &'a Cases, case: &'a Case) -> Self {
        let mut reach = Self {
            cases,
            steps: Vec::new(),
            templates: Vec::new(),
            seen: BTreeSet::new(),
        };
        let start = case.start.iter().map(String::as_str);
        for name in start.chain(texts(&case.each)) {
            reach.follow(name);
        }
        reach.walk(&case.step);
        reach
    }

    fn walk(&mut self, steps: &'a [Step]) {
        for step in steps {
            self.steps.push(step);
            let own = step.template.iter().chain(&step.sequence);
            let raced = step.calls.iter().filter_map(|call| call.template.as_ref());
            let named = own.chain(raced).map(String::as_str);
            for name in named.chain(texts(&step.each)) {
                self.follow(name);
            }
            self.walk(&step.step);
        }
    }

    /// Follows a name of a sequence or a template; any other text is neither.
    fn follow(&mut self, name: &'a str) {
        if !self.seen.insert(name) {
            return;
        }
        let templates = &self.cases.templates;
        if let Some(steps) = templates.sequence.get(name) {
            self.walk(steps);
        }
        if let Some(template) = templates.call.get(name) {
            self.templates.push(template);
            if let Some(outer) = &template.template {
                self.follow(outer);
            }
        }
    }
}

/// The texts among the values of variables.
fn texts(rows: &[Variables]) -> impl Iterator<Item = &str> {
    rows.iter()
        .flat_map(|row| row.values())
        .filter_map(Value::as_str)
}
