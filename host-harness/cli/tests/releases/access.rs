//! Registries that let in some, or are not there.

use countersign_tests::peer::Peer;
use libtest_mimic::Trial;

use crate::desk::Desk;
use crate::registry::{Registry, free_port};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let of_closed = "a_registry_that_wants_a_password_gets_it_and_nobody_else";
    let away = "a_registry_that_is_away_is_named";
    vec![
        Peer::Registry.trial(of_closed, move || {
            a_registry_that_wants_a_password(&Registry::closed(), &Desk::new(of_closed));
            Ok(())
        }),
        trial(
            "without_tls_there_is_no_way_unless_it_is_asked_for",
            without_tls,
        ),
        Trial::test(away, move || {
            a_registry_that_is_away(&Desk::new(away));
            Ok(())
        }),
    ]
}

fn a_registry_that_wants_a_password(registry: &Registry, desk: &Desk) {
    let name = registry.name("1.2.0");
    let push = ["push", "plugin.wasm", &name, "--plain-http"];
    let pull = ["pull", &name, "--plain-http", "-o", "pulled.wasm"];
    let user = ["--username", "releaser"];
    desk.run(&push).failed(1, "it does not let you");
    let push = [&push[..], &user].concat();
    let pull = [&pull[..], &user].concat();
    desk.run(&push)
        .failed(2, "expected its password in COUNTERSIGN_REGISTRY_PASSWORD");

    let wrong = "battery-staple";
    let ran = desk.run_as(&push, &[("COUNTERSIGN_REGISTRY_PASSWORD", wrong)], "");
    assert!(!ran.err.contains(wrong), "{}", ran.err);
    ran.failed(1, "it does not let you");

    let right = ("COUNTERSIGN_REGISTRY_PASSWORD", PASSWORD);
    let ran = desk.run_as(&push, &[right], "").ended(0);
    assert!(!ran.out.contains(PASSWORD), "{}", ran.out);
    let by_input = [&pull[..], &["--password-stdin"]].concat();
    desk.run_as(&by_input, &[], &format!("{PASSWORD}\n"))
        .ended(0);
    assert_eq!(desk.read("pulled.wasm"), countersign_component::WASM);
    desk.run_as(&[&by_input[..], &["--force"]].concat(), &[], "two\nlines\n")
        .failed(2, "expected one line");

    // Never in the clear to another machine.
    let away = [
        "push",
        "plugin.wasm",
        "registry.invalid/acme/mfa:1.2.0",
        "--plain-http",
    ];
    desk.run_as(&[&away[..], &user].concat(), &[right], "")
        .failed(2, "they would go out in the clear");
}

fn without_tls(registry: &Registry, desk: &Desk) {
    let name = registry.name("1.2.0");
    desk.run(&["push", "plugin.wasm", &name])
        .failed(1, "--plain-http");
    desk.run(&["pull", &name, "-o", "pulled.wasm"])
        .failed(1, "--plain-http");
    assert_eq!(desk.files(), ["plugin.wasm"]);
}

fn a_registry_that_is_away(desk: &Desk) {
    let registry = format!("127.0.0.1:{}", free_port());
    let name = format!("{registry}/acme/mfa:1.2.0");
    for args in [
        &["push", "plugin.wasm", &name, "--plain-http"][..],
        &["pull", &name, "--plain-http", "-o", "pulled.wasm"],
    ] {
        desk.run(args)
            .failed(1, &format!("{registry} cannot be pu"));
    }
    assert_eq!(desk.files(), ["plugin.wasm"]);
}

const PASSWORD: &str = "correct-horse";
