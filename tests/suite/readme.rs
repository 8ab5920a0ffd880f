//! The README's example, compiled and run.

use crate::{read, root};

#[rustfmt::skip]
#[tokio::test]
async fn the_example_of_the_readme_lets_a_new_user_in() -> Result<(), Box<dyn std::error::Error>> {
    let (key, address, path) = ([7; 32], "192.0.2.7", countersign_component::PATH);
    // README
    use countersign_host::contract::policy::{Mode, Policy};
    use countersign_host::contract::sign_in::{BeginOutcome, BeginRequest};
    use countersign_host::contract::{Actor, FirstFactor, Membership, Purpose};
    use countersign_host::{Countersign, Plugin, fault::Fault, keyring::LocalKeyring, store::MemoryStore};

    let plugin = Plugin::builder().load_file(path)?; // once; may be pinned by SHA-256
    let mfa = Countersign::builder(plugin)
        .realm("example")
        .store(MemoryStore::new())
        .keyring(LocalKeyring::from_key(key)) // 32 random bytes from your secret store
        .faults(|fault: &Fault| eprintln!("{fault}")) // else nobody hears of them
        .build()?;
    let policy = Policy::app_only(Mode::Voluntary); // for `*`: every company without its own
    let setup = Actor::Operator("setup".into());
    mfa.policy().put("*", &policy, None, &setup, false).await?;

    let request = BeginRequest {
        memberships: vec![Membership { company: "acme".into(), roles: vec![], active: true }],
        first_factor: FirstFactor::password(), // typed just now, in the browser
        purpose: Purpose::SignIn,
        device_token: None,
        binding_attested: false,
        known_enrolled: false,
    };
    match mfa.for_client(address).sign_in().begin("u-1042", &request).await? { // every Err is a refusal
        BeginOutcome::Allow(allowance) => open_session(allowance),
        BeginOutcome::Challenge(challenge) => ask_for_code(challenge),
        BeginOutcome::Enroll(offer) => show_enrollment(offer),
        BeginOutcome::Deny(reason) => explain(reason),
    }
    // README
    Ok(())
}

#[test]
fn the_example_stands_in_the_readme_as_it_is_here() {
    let shown = read(&root().join("README.md"));
    let shown = shown
        .split("```rust\n")
        .nth(1)
        .and_then(|it| it.split("```").next());
    let here = read(&root().join("tests/suite/readme.rs"));
    let here = here.split("    // README\n").nth(1).expect("it is marked");
    let here: Vec<&str> = here
        .lines()
        .map(|it| it.strip_prefix("    ").unwrap_or(it))
        .collect();
    assert_eq!(shown.map(|it| it.lines().collect()), Some(here));
}

/// What an operator copies from the README is what the tests run.
#[test]
fn web_servers_settings_in_the_readme_are_those_that_are_tried() {
    let readme = read(&root().join("README.md"));
    for (language, file) in [("nginx", "nginx.conf"), ("caddyfile", "Caddyfile")] {
        let shown = readme.split(&format!("```{language}\n")).nth(1);
        let shown = shown.and_then(|it| it.split("```").next());
        let tried = read(&root().join("host-harness/gateway/deploy").join(file));
        let mut tried = tried.lines();
        for line in shown
            .expect("it is shown")
            .lines()
            .filter(|it| !it.is_empty())
        {
            assert!(
                tried.any(|it| it == line),
                "{file} has no such line, or earlier: {line}"
            );
        }
    }
}

fn open_session(allowance: countersign_host::contract::sign_in::Allowance) {
    assert_eq!(allowance.epoch, 0);
}

fn ask_for_code<T>(_: T) {
    panic!("nobody has a factor");
}

fn show_enrollment<T>(_: T) {
    panic!("nobody must enroll");
}

fn explain<T>(_: T) {
    panic!("nobody is turned away");
}
