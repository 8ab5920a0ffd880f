//! Runs the cases on deliberately wrong plugins, and prints which case catches which: `cargo wrong-plugins`.
//!
//! `--filter TEXT` takes only the mutants whose id has the text, `--fast` only the cases that each mutant names,
//! `--markdown` prints what caught each as a table, `--why` also where each case failed. `--named` runs nothing, and prints the
//! table of `tests/mutants/README.md`.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::process::ExitCode;
use std::sync::Arc;

use countersign_conformance::Cases;
use countersign_tests::mutants::{self, Build, Fault, Mutant, Table, try_all};

fn main() -> Result<ExitCode, Fault> {
    let (mut filter, mut fast, mut markdown, mut why) = (String::new(), false, false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--filter" => filter = arguments.next().ok_or("expected a part of an id")?,
            "--fast" => fast = true,
            "--markdown" => markdown = true,
            "--why" => why = true,
            "--named" => {
                print!("{}", mutants::markdown(&mutants::of_this_tree()?));
                return Ok(ExitCode::SUCCESS);
            }
            _ => {
                return Err("expected --filter TEXT, --fast, --markdown, --why or --named".into());
            }
        }
    }
    let all = mutants::of_this_tree()?;
    let build = Build::of(&all)?;
    let cases = Arc::new(Cases::of_the_contract()?);
    let chosen: Vec<&Mutant> = all.iter().filter(|it| it.id.contains(&filter)).collect();
    let rows = try_all(
        &build,
        &chosen,
        &cases,
        |mutant, case| !fast || mutant.killed_by.contains(&case.id),
        |mutant, caught| {
            eprintln!("{}: {} cases fail", mutant.id, caught.len());
            for it in caught.iter().filter(|_| why) {
                eprintln!("    {}: {}", it.case, it.why);
            }
        },
    )?;
    let table = Table::of(rows);
    match markdown {
        true => print!("{}", table.markdown()),
        false => print!("{table}"),
    }
    let failed = table.survivors().next().is_some() || table.missed().next().is_some();
    Ok(ExitCode::from(u8::from(failed)))
}
