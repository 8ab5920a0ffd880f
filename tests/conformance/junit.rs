//! The report for build servers, as another program reads it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use countersign_conformance::{Cases, Expected, Level, Local, Selection, Suite};
use countersign_tests::peer::Peer;
use countersign_tests::subject::Core;
use countersign_tests::tree::root;
use libtest_mimic::{Failed, Trial};

use crate::{RUNTIME, with_peer};

pub(crate) fn trials(cases: &Arc<Cases>) -> Vec<Trial> {
    let cases = Arc::clone(cases);
    vec![with_peer(
        Peer::Xmllint,
        "finds-the-report-valid",
        move || {
            let mut suite = Suite::new(cases.clone(), Arc::new(Local::of(Arc::new(Core))));
            suite.level = Some(Level::Core);
            suite.selection = Selection::of(vec!["verify".to_owned(), "sms".to_owned()]);
            // One that passes, so that the report has a failure.
            let known = "[[expected]]\nid = \"right-code-once\"\nwhy = \"<b>\\u001b[2J&\"";
            suite.expected = Expected::parse(known, &cases)?;
            let report = RUNTIME.block_on(suite.run("<a>&\"\u{1}\u{ffff}.wasm", None, |_| {}));
            let text = report.to_junit()?;
            for element in ["<failure", "<skipped", "<property"] {
                if !text.contains(element) {
                    return Err(format!("no {element} in it").into());
                }
            }
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("junit.xml");
            fs::write(&path, text)?;
            let schema = root().join("tests/conformance/junit.xsd");
            let mut command = Command::new(Peer::Xmllint.program());
            let command = command.args(["--noout", "--schema"]).args([&schema, &path]);
            let ran = command.output()?;
            match ran.status.success() {
                true => Ok(()),
                false => Err(Failed::from(String::from_utf8_lossy(&ran.stderr))),
            }
        },
    )]
}
