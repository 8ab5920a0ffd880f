//! Writes every hostile plugin as a component, with the text of its module beside it: `cargo hostile DIRECTORY`.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the list is what it is for")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use countersign_conformance::HostilePlugin;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.ok_or("expected a directory: cargo hostile DIRECTORY")?;
    fs::create_dir_all(&directory)?;
    for plugin in HostilePlugin::all()? {
        let file = directory.join(&plugin.id);
        fs::write(file.with_extension("wasm"), plugin.component()?)?;
        fs::write(file.with_extension("wat"), plugin.text()?)?;
        println!("{}: {}", plugin.id, plugin.title);
    }
    Ok(())
}
