//! Components that no host may run.

use countersign_conformance::Lab;
use libtest_mimic::{Failed, Trial};

use crate::Example;

/// Returns what a host must refuse, with the words that its refusal must have.
pub(crate) fn trials(host: &Example) -> Vec<Trial> {
    let component = |text: &str| wat::parse_str(text).expect("it is a component");
    [
        (
            "an-import-beyond-the-contract-is-named",
            component(
                r#"(component (import "wasi:filesystem/types@0.2.0" (instance (export "f" (func)))))"#,
            ),
            "wasi:filesystem/types@0.2.0",
        ),
        (
            "another-version-of-an-import-is-named",
            component(
                r#"(component (import "countersign:mfa/store@0.2.0" (instance (export "get" (func)))))"#,
            ),
            "countersign:mfa/store@0.2.0",
        ),
        (
            "a-function-beyond-an-interface-is-named",
            component(
                r#"(component
                    (import "countersign:mfa/store@0.1.0" (instance $store (export "drop-all" (func))))
                    (core func $f (canon lower (func $store "drop-all")))
                    (core module $m (import "" "f" (func $f)) (start $f))
                    (core instance (instantiate $m (with "" (instance (export "f" (func $f))))))
                )"#,
            ),
            "store",
        ),
        ("what-is-no-component-is-refused", b"no component".to_vec(), ""),
    ]
    .into_iter()
    .map(|(name, bytes, words)| {
        host.load_trial(name, bytes, move |loaded| match loaded {
            Ok(lab) => Err(loads(&*lab)),
            Err(refusal) if refusal.0.contains(words) && !refusal.0.contains("host failed") => {
                Ok(())
            }
            Err(refusal) => Err(format!("expected {words}, found {refusal}").into()),
        })
    })
    .collect()
}

fn loads(lab: &dyn Lab) -> Failed {
    format!("{} loads it", lab.name()).into()
}
