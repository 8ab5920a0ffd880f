//! The contract as it stands in `wit/`, and the component as it was built for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_conformance::{Case, Cases, Local, runner};
use countersign_tests::subject::Component;
use serde_json::json;
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldItem, WorldKey};

use crate::{read, root};

/// What the component imports, spelled out: nothing else of the outside is within its reach.
///
/// `types` holds no function.
const IMPORTS: [&str; 6] = [
    "countersign:mfa/keyring@0.1.0",
    "countersign:mfa/sms@0.1.0",
    "countersign:mfa/store@0.1.0",
    "countersign:mfa/types@0.1.0",
    "wasi:clocks/wall-clock@0.2.0",
    "wasi:random/random@0.2.0",
];

const EXPORTS: [&str; 7] = [
    "countersign:mfa/administration@0.1.0",
    "countersign:mfa/enrollment@0.1.0",
    "countersign:mfa/meta@0.1.0",
    "countersign:mfa/policy@0.1.0",
    "countersign:mfa/recovery@0.1.0",
    "countersign:mfa/sign-in@0.1.0",
    "countersign:mfa/verification@0.1.0",
];

#[test]
fn the_contract_parses_and_resolves() {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(root().join("wit")).expect("it parses");
    assert_eq!(
        resolve.packages[package].name.to_string(),
        "countersign:mfa@0.1.0"
    );
    let world = resolve
        .select_world(&[package], Some("plugin"))
        .expect("there is a world");
    let imports = names(&resolve, &resolve.worlds[world].imports);
    assert_eq!(imports, IMPORTS.map(str::to_owned).into());
    let exports = names(&resolve, &resolve.worlds[world].exports);
    assert_eq!(exports, EXPORTS.map(str::to_owned).into());
}

// I-4: a component that imports more has more within its reach.
#[test]
fn the_component_imports_exactly_this() {
    let (resolve, world) = decoded();
    let imports = names(&resolve, &resolve.worlds[world].imports);
    assert_eq!(imports, IMPORTS.map(str::to_owned).into());
    let exports = names(&resolve, &resolve.worlds[world].exports);
    assert_eq!(exports, EXPORTS.map(str::to_owned).into());
}

// V-65
// covers: ENROLL-13
#[test]
fn confirm_takes_no_key() {
    let confirm = Component::plugin()
        .functions()
        .into_iter()
        .find(|it| it.name == "enrollment.confirm")
        .expect("it is there");
    let names: Vec<&str> = confirm.parameters.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["user", "ticket", "method", "code"]);
}

// V-46, V-69
#[test]
fn the_table_of_stages_holds_cell_by_cell() {
    let cases = Cases::of_the_contract().expect("the cases are readable");
    let lab = Local::of(Arc::new(Component));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let table = table();
    assert_eq!(
        table.len(),
        12 * 4,
        "the table of types.wit was read in part"
    );
    for (function, stage, allowed) in table {
        let wrong_stage = json!({ "err": { "ticket": "wrong-stage" } });
        let case: Case = serde_json::from_value(json!({
            "id": format!("{function}-{stage}"),
            "covers": [],
            "start": match &*stage {
                "challenged" => json!(["voluntary", "enrolled"]),
                "enrolling" => json!(["voluntary", "offered"]),
                stage => json!(["voluntary", "enrolled", stage]),
            },
            "step": [
                match &*stage {
                    "challenged" => json!({ "use": "challenge" }),
                    _ => json!({ "let": { "app": APP, "recovery": { "code": CODE } } }),
                },
                { "use": function, "expect": match allowed {
                    true => json!({ "$not": wrong_stage }),
                    false => wrong_stage,
                } },
            ],
        }))
        .expect("it is a case");
        let ran = runtime.block_on(runner::run(&cases, &case, &lab));
        assert!(ran.passed().is_ok(), "{function} in {stage}: {ran:?}");
    }
}

/// The cells of the table in types.wit: function, stage, and whether there is more in it than a dash.
fn table() -> Vec<(String, String, bool)> {
    let text = read(&root().join("wit/types.wit"));
    let lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("///"))
        .collect();
    let head = lines
        .iter()
        .position(|line| line.contains("challenged") && line.contains("recovering"))
        .expect("the table has a head");
    let columns: Vec<(usize, &str)> = ["challenged", "verified", "enrolling", "recovering"]
        .into_iter()
        .filter_map(|stage| Some((lines[head].find(stage)?, stage)))
        .collect();
    let mut cells = Vec::new();
    for line in lines[head + 1..]
        .iter()
        .take_while(|line| line.trim() != "```")
    {
        let cell = |from: usize, to: usize| line.get(from..to.min(line.len())).unwrap_or("").trim();
        for function in cell(0, columns[0].0)
            .split(", ")
            .filter(|it| !it.is_empty())
        {
            for (i, (start, stage)) in columns.iter().enumerate() {
                let end = columns.get(i + 1).map_or(line.len(), |(next, _)| *next);
                let dash = cell(*start, end) == "-";
                cells.push((function.to_owned(), (*stage).to_owned(), !dash));
            }
        }
    }
    cells
}

fn decoded() -> (Resolve, wit_parser::WorldId) {
    match wit_component::decode(countersign_component::WASM).expect("it is a component") {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("it is a package of WIT"),
    }
}

fn names<'a>(
    resolve: &Resolve,
    items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> BTreeSet<String> {
    let each = items.into_iter();
    each.map(|(key, _)| resolve.name_world_key(key)).collect()
}

const APP: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const CODE: &str = "00000-00000-00000-00000-000000";
