//! What a component may import, and must export.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

use crate::error::LoadError;
use crate::exports;

/// Names every import that is not of the contract's world; a function of an interface of it as `interface#function`.
pub(super) fn unexpected_imports(engine: &Engine, component: &Component) -> Vec<String> {
    let mut unexpected = Vec::new();
    for (name, item) in component.component_type().imports(engine) {
        match (allowed(name), item.ty) {
            (Some(functions), ComponentItem::ComponentInstance(instance)) => {
                for (member, item) in instance.exports(engine) {
                    let known = match item.ty {
                        ComponentItem::ComponentFunc(_) => functions.contains(&member),
                        ComponentItem::Type(_) => true,
                        _ => false,
                    };
                    if !known {
                        unexpected.push(format!("{name}#{member}"));
                    }
                }
            }
            _ => unexpected.push(name.to_owned()),
        }
    }
    unexpected
}

/// Names every function of the contract that the component does not export, as `interface.function`.
pub(super) fn missing_exports(component: &Component) -> Vec<String> {
    let mut missing = Vec::new();
    for expected in exports::ALL {
        let found = component
            .get_export_index(None, &*export_name(expected.interface))
            .and_then(|it| component.get_export_index(Some(&it), expected.function));
        if found.is_none() {
            missing.push(format!("{}.{}", expected.interface, expected.function));
        }
    }
    missing
}

pub(super) fn check_imports(
    engine: &Engine,
    component: &Component,
    lab: bool,
) -> Result<(), LoadError> {
    let mut unexpected = unexpected_imports(engine, component);
    if lab {
        unexpected.retain(|name| !name.starts_with(WASI));
    }
    match unexpected {
        none if none.is_empty() => Ok(()),
        unexpected => Err(LoadError::Imports { unexpected }),
    }
}

/// Names the instance that the contract's own functions are linked to, if an import is of the world.
pub(super) fn linked_name(name: &str) -> Option<String> {
    allowed(name)?;
    let (interface, _) = name.split_once('@')?;
    let (_, series, _) = WORLD.iter().find(|(it, ..)| *it == interface)?;
    Some(format!("{interface}@{series}0"))
}

/// Says whether a function is of the contract's world.
pub(super) fn is_of_the_world(name: &str, function: &str) -> bool {
    allowed(name).is_some_and(|functions| functions.contains(&function))
}

pub(super) fn check_exports(component: &Component) -> Result<(), LoadError> {
    match missing_exports(component) {
        none if none.is_empty() => Ok(()),
        missing => Err(LoadError::Exports { missing }),
    }
}

/// Returns the full name of an interface of the contract.
pub(super) fn export_name(interface: &str) -> String {
    format!("countersign:mfa/{interface}@0.1.0")
}

/// Returns the functions of an import of the world; none for what is not of it.
fn allowed(name: &str) -> Option<&'static [&'static str]> {
    let (interface, version) = name.split_once('@')?;
    let (_, series, functions) = WORLD.iter().find(|(it, ..)| *it == interface)?;
    let patch = version.strip_prefix(series)?;
    let is_number = !patch.is_empty() && patch.bytes().all(|b| b.is_ascii_digit());
    is_number.then_some(*functions)
}

/// What the lab option stubs begins so.
pub(super) const WASI: &str = "wasi:";

/// The imports of `wit/world.wit`: interface, series of versions, functions.
const WORLD: &[(&str, &str, &[&str])] = &[
    ("countersign:mfa/types", "0.1.", &[]),
    ("countersign:mfa/store", "0.1.", &["get", "commit"]),
    (
        "countersign:mfa/keyring",
        "0.1.",
        &["mac", "check-mac", "index"],
    ),
    ("countersign:mfa/sms", "0.1.", &["check", "send"]),
    ("wasi:clocks/wall-clock", "0.2.", &["now"]),
    (
        "wasi:random/random",
        "0.2.",
        &["get-random-bytes", "get-random-u64"],
    ),
];

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn only_the_interfaces_of_the_world_in_its_versions_are_allowed() {
        assert!(allowed("countersign:mfa/store@0.1.0").is_some());
        assert!(allowed("wasi:random/random@0.2.6").is_some());
        for name in [
            "wasi:random/random@0.3.0",
            "wasi:random/random@0.2.0-rc-2023-12-05",
            "wasi:random/random",
            "wasi:random/insecure@0.2.0",
            "wasi:filesystem/types@0.2.0",
            "countersign:mfa/store@0.2.0",
            "countersign:mfa/store@0.1.",
            "random",
        ] {
            assert!(allowed(name).is_none(), "{name}");
        }
    }
}
