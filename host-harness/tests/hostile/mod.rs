//! Components for the contract's world whose code is written here, in the text format.
//!
//! Every function traps unless a body is given for it, except `meta.describe`, which answers; so what is under test is
//! as short as what it does. Another crate can use this file with `#[path]`.

use std::collections::BTreeMap;
use std::fmt::Write;

use countersign_conformance::hostile::Shell;

/// A component to be.
#[derive(Clone, Default)]
pub(crate) struct Hostile {
    bodies: BTreeMap<String, String>,
    items: String,
    wit: Option<String>,
    omitted: Option<String>,
}

impl Hostile {
    /// Gives a function, such as `sign-in.begin`, a body. Imports are functions named like `$store.get`.
    pub(crate) fn body(mut self, function: &str, wat: &str) -> Self {
        self.bodies.insert(function.to_owned(), wat.to_owned());
        self
    }

    /// Adds items to the module: data, functions, a start function.
    pub(crate) fn items(mut self, wat: &str) -> Self {
        self.items.push_str(wat);
        self
    }

    /// Adds a package with an interface, and imports it: the text of its interface.
    pub(crate) fn also_importing(self, interface: &str) -> Self {
        self.also_importing_from("evil:more@0.1.0", "extra", interface)
    }

    /// Adds an interface of this package and name, and imports it: the text of its interface.
    pub(crate) fn also_importing_from(
        mut self,
        package: &str,
        name: &str,
        interface: &str,
    ) -> Self {
        self.wit = Some(format!(
            "package {package};
             interface {name} {{ {interface} }}
             world more {{ include countersign:mfa/plugin@0.1.0; import {name}; }}"
        ));
        self
    }

    /// Leaves an exported interface out.
    pub(crate) fn without(mut self, interface: &str) -> Self {
        self.omitted = Some(interface.to_owned());
        self
    }

    /// Makes the component.
    pub(crate) fn component(&self) -> Vec<u8> {
        let mut shell = Shell::of_the_contract().expect("wit/ is well formed");
        if let Some(more) = &self.wit {
            let with_more = shell.with_world(more, "more");
            shell = with_more.expect("the WIT is well formed");
        }
        if let Some(omitted) = &self.omitted {
            shell = shell.without(omitted);
        }
        let mut items = self.items.clone();
        for (label, body) in &self.bodies {
            let signature = shell.signature(label).expect("there is such a function");
            let _ = writeln!(items, "(func ${label} {signature} {body})");
        }
        let text = shell.module(&items).expect("the world has interfaces only");
        shell
            .encode(&text, true)
            .expect("the module fits the world")
    }
}
