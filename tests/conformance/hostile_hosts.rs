//! Hosts that lie, and plugins that they must not bring to let anybody in: those of this tree, and two that are flawed.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_conformance::hostile_host::Found;
use countersign_conformance::{Fault, Harm, HostileHost, Instance, Subject, World};
use countersign_tests::subject::{self, Core};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::RUNTIME;

pub(crate) fn trials() -> Vec<Trial> {
    let hosts = match HostileHost::all() {
        Ok(hosts) => hosts,
        Err(error) => panic!("tests/hostile/hosts.toml: {error}"),
    };
    let mut trials = vec![
        Trial::test(
            "hostile-hosts/who-lets-in-for-want-of-a-store-is-caught",
            || caught(Flaw::FailsOpen, "commit-fails", Harm::More),
        ),
        Trial::test(
            "hostile-hosts/who-tells-before-it-is-counted-is-caught",
            || {
                caught(Flaw::TellsUncounted, "commit-fails", Harm::LostCount)?;
                everywhere_uncounted()
            },
        ),
        Trial::test(
            "hostile-hosts/no-lie-may-make-a-wrong-code-of-a-factor-right",
            wrong_stays_wrong,
        ),
        Trial::test(
            "hostile-hosts/who-traps-for-want-of-a-store-is-caught",
            || caught(Flaw::Traps, "get-fails", Harm::Trap),
        ),
    ];
    for subject in subject::all() {
        for host in &hosts {
            let (subject, host) = (Arc::clone(&subject), host.clone());
            let name = format!("hostile-host/{}/{}", subject.name(), host.id);
            trials.push(Trial::test(name, move || {
                let found = RUNTIME.block_on(host.search(&*subject))?;
                let place = |it: &Found| (it.harm, it.journey.to_owned());
                let harm: BTreeSet<(Harm, String)> = found.iter().map(place).collect();
                let accepts = host.accepted();
                match harm == accepts {
                    true => Ok(()),
                    false => {
                        let first = harm.symmetric_difference(&accepts).next();
                        let first = found.iter().find(|it| Some(&place(it)) == first);
                        let shown = first.map_or(String::new(), ToString::to_string);
                        let why = format!("expected {accepts:?}, found {harm:?}: {shown}");
                        Err(Failed::from(why))
                    }
                }
            }));
        }
    }
    trials
}

/// Checks that a lie brings a flawed plugin to do harm.
fn caught(flaw: Flaw, host: &str, harm: Harm) -> Result<(), Failed> {
    let hosts = HostileHost::all()?;
    let host = hosts.iter().find(|it| it.id == host);
    let host = host.ok_or("there is no such entry")?;
    let found = RUNTIME.block_on(host.search(&Flawed(flaw)))?;
    match found.iter().any(|it| it.harm == harm)
        && RUNTIME.block_on(host.run(&Flawed(flaw))).is_err()
    {
        true => Ok(()),
        false => Err(format!("expected {harm:?}, found {found:?}").into()),
    }
}

/// That something else is let through must not be a way to accept this too.
fn wrong_stays_wrong() -> Result<(), Failed> {
    const WRONG: [&str; 4] = ["wrong", "wrong-phone", "of-another-step", "enroll-wrong"];
    for host in HostileHost::all()? {
        let accepted = host.accepted();
        let mut more = accepted.iter().filter(|(harm, _)| *harm == Harm::More);
        if let Some((_, on)) = more.find(|(_, on)| WRONG.contains(&on.as_str())) {
            return Err(format!("{}: `more` is accepted on {on}", host.id).into());
        }
    }
    Ok(())
}

/// Whatever kind of code is told to be wrong, that it is not counted is seen.
fn everywhere_uncounted() -> Result<(), Failed> {
    let hosts = HostileHost::all()?;
    let host = hosts.iter().find(|it| it.id == "commit-fails");
    let host = host.ok_or("there is no such entry")?;
    let found = RUNTIME.block_on(host.search(&Flawed(Flaw::TellsUncounted)))?;
    let lost = found.iter().filter(|it| it.harm == Harm::LostCount);
    let on: BTreeSet<&str> = lost.map(|it| it.journey).collect();
    let wanted = ["wrong", "wrong-phone", "wrong-recovery", "enroll-wrong"];
    match wanted.iter().find(|it| !on.contains(*it)) {
        None => Ok(()),
        Some(journey) => Err(format!("{journey}: expected a lost count, found {on:?}").into()),
    }
}

/// The core, with something around it that a plugin must not have.
#[derive(Clone, Copy)]
struct Flawed(Flaw);

#[derive(Clone, Copy)]
enum Flaw {
    /// Whoever cannot be asked for a code is let in without one.
    FailsOpen,
    /// A code is told to be wrong, whether that was counted or not.
    TellsUncounted,
    /// What cannot be had is taken for granted, and there it ends.
    Traps,
}

impl Subject for Flawed {
    fn name(&self) -> &str {
        "flawed"
    }

    fn start(&self, world: &World) -> Arc<dyn Instance> {
        Arc::new(Running(self.0, Core.start(world)))
    }
}

struct Running(Flaw, Arc<dyn Instance>);

#[async_trait]
impl Instance for Running {
    async fn call(&self, function: &str, args: &Value) -> Result<Value, Fault> {
        let answer = self.1.call(function, args).await?;
        if answer.pointer("/err/unavailable").is_none() {
            return Ok(answer);
        }
        match (self.0, function) {
            (Flaw::FailsOpen, "sign-in.begin") => Ok(json!({ "ok": { "allow": {} } })),
            (
                Flaw::TellsUncounted,
                "verification.verify" | "enrollment.confirm" | "recovery.present",
            ) => Ok(json!({ "ok": { "rejected": { "reason": "wrong", "attempts-left": 4 } } })),
            (Flaw::Traps, _) => Err(Fault::Stopped("the store was there yesterday".to_owned())),
            _ => Ok(answer),
        }
    }
}
