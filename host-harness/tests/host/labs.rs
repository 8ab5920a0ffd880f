//! Plugins that import more of WASI than the contract has.

use countersign_host::keyring::LocalKeyring;
use countersign_host::store::MemoryStore;
use countersign_host::{Countersign, Error, LoadError, Plugin, Verdict};

use crate::hostile::Hostile;

/// A component that asks for the arguments of its command line, as an interpreter does.
fn curious() -> Hostile {
    Hostile::default().also_importing_from(
        "wasi:cli@0.2.9",
        "environment",
        "get-arguments: func() -> list<string>; initial-sound: func() -> string;",
    )
}

fn in_the_lab(component: &Hostile) -> Countersign {
    let plugin = Plugin::builder()
        .lab_stub_wasi()
        .load(&component.component())
        .expect("a laboratory takes it");
    assert!(plugin.is_lab());
    Countersign::builder(plugin)
        .realm("lab")
        .store(MemoryStore::new())
        .keyring(LocalKeyring::from_key([7; 32]))
        .build()
        .expect("everything was given")
}

// covers: WORLD-1
#[test]
fn more_of_wasi_is_refused_by_name_unless_it_is_asked_for() {
    let component = curious().component();
    let Err(LoadError::Imports { unexpected }) = Plugin::load(&component) else {
        panic!("it was loaded");
    };
    assert_eq!(unexpected, ["wasi:cli/environment@0.2.9"]);
    let inspection = Plugin::inspect(&component).expect("there is an engine");
    assert!(matches!(inspection.verdict, Verdict::Refused(_)));

    let of_the_contract = Plugin::load(&Hostile::default().component()).expect("it loads");
    assert!(!of_the_contract.is_lab());
}

#[tokio::test]
async fn a_laboratory_loads_it_and_still_names_what_is_not_in_the_contract() {
    let described = in_the_lab(&curious()).meta().describe().await;
    assert_eq!(described.expect("it answers").name, "hostile");

    let inspection = Plugin::builder()
        .lab_stub_wasi()
        .inspect(&curious().component())
        .expect("there is an engine");
    assert_eq!(inspection.verdict, Verdict::Loads);
    assert_eq!(inspection.unexpected, ["wasi:cli/environment@0.2.9"]);
}

// covers: WORLD-1
#[test]
fn a_laboratory_refuses_imports_outside_of_wasi() {
    let component = Hostile::default()
        .also_importing("connect: func(to: string);")
        .component();
    let lab = Plugin::builder().lab_stub_wasi();
    let Err(LoadError::Imports { unexpected }) = lab.load(&component) else {
        panic!("it was loaded");
    };
    assert_eq!(unexpected, ["evil:more/extra@0.1.0"]);
}

#[tokio::test]
async fn a_laboratory_has_no_arguments_and_traps_on_what_it_does_not_know() {
    let empty = curious().body(
        "administration.status",
        "(call $environment.get-arguments (i32.const 1024))
         (if (i32.load (i32.const 1028)) (then (loop (br 0))))
         unreachable",
    );
    let answered = in_the_lab(&empty).administration().status("ana").await;
    let Err(Error::Trap(why)) = answered else {
        panic!("{answered:?}");
    };
    assert!(why.contains("unreachable"), "{why}");

    let unknown = curious().body(
        "administration.status",
        "(call $environment.initial-sound (i32.const 1024)) unreachable",
    );
    let answered = in_the_lab(&unknown).administration().status("ana").await;
    let Err(Error::Trap(why)) = answered else {
        panic!("{answered:?}");
    };
    assert!(
        why.contains("wasi:cli/environment@0.2.9#initial-sound"),
        "{why}"
    );
}

#[test]
fn a_laboratory_has_the_limits_of_others_unless_they_are_raised() {
    let component = curious().component();
    let small = Plugin::builder()
        .lab_stub_wasi()
        .max_size(component.len() - 1)
        .load(&component);
    assert!(matches!(small, Err(LoadError::TooLarge { .. })));
    let plugin = Plugin::builder().lab_stub_wasi().load(&component);
    assert_eq!(plugin.expect("it loads").limits().memory, 16 << 20);
}
