//! A copy of the plugin's sources with the changes of all mutants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{Change, Fault, Mutant};
use crate::tree::root;

/// Writes the copy below `directory`. A file that is as it should be is left alone, so that it is not compiled again.
///
/// # Errors
///
/// The file at fault.
pub(super) fn write(directory: &Path, mutants: &[Mutant]) -> Result<(), Fault> {
    let mut wanted = sources()?;
    for (file, changes) in by_file(mutants) {
        let path = Path::new("guest").join(file);
        let text = wanted
            .get_mut(&path)
            .ok_or_else(|| format!("no mutant can change {file}, which is not there"))?;
        *text = changed(text, file, &changes)?;
    }
    let core = wanted
        .get_mut(Path::new("guest/core/src/lib.rs"))
        .ok_or("the core has no lib.rs")?;
    core.push_str("\n#[doc(hidden)]\npub mod mutant;\n");
    wanted.insert(
        "guest/core/src/mutant.rs".into(),
        SWITCH
            .replace("LENGTH", &super::build::MARKER_LENGTH.to_string())
            .replace("MARKER", &super::build::marker("")),
    );
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    wanted.insert("Cargo.toml".into(), workspace(&manifest)?);
    for (path, text) in &wanted {
        let path = directory.join(path);
        if fs::read_to_string(&path).is_ok_and(|it| it == *text) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    // Cargo takes out what this smaller workspace does not need, so what it was made of lies beside it.
    let lock = fs::read_to_string(root().join("Cargo.lock"))?;
    let made_of = directory.with_extension("lock");
    if !fs::read_to_string(&made_of).is_ok_and(|it| it == lock) {
        fs::write(directory.join("Cargo.lock"), &lock)?;
        fs::write(made_of, lock)?;
    }
    remove_others(directory, &wanted)
}

/// Returns the changes that do not fit the sources, a line each.
pub(super) fn misplaced(mutants: &[Mutant]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, changes) in by_file(mutants) {
        match fs::read_to_string(root().join("guest").join(file)) {
            Ok(text) => found.extend(
                changed(&text, file, &changes)
                    .err()
                    .map(|it| it.to_string()),
            ),
            Err(error) => found.push(format!("{file}: {error}")),
        }
    }
    found
}

/// The text of a file with all changes. Each looks for its place in the text as it was, so that their order does not
/// matter, and no two may touch the same.
fn changed(text: &str, file: &str, changes: &[(&str, &Change)]) -> Result<String, Fault> {
    let mut places = BTreeMap::new();
    for (id, change) in changes {
        let mut matches = text.match_indices(&change.find);
        let (Some((at, _)), None) = (matches.next(), matches.next()) else {
            let times = text.matches(&change.find).count();
            return Err(format!(
                "{id}: expected once in {file}, found {times} times: {}",
                change.find
            )
            .into());
        };
        if places.insert(at, (*id, *change)).is_some() {
            return Err(format!("{id}: another mutant changes the same in {file}").into());
        }
    }
    let function = match file.starts_with("core/") {
        true => "crate::mutant::is_active(",
        false => "countersign_core::mutant::is_active(",
    };
    let (mut whole, mut done) = (String::with_capacity(text.len()), 0);
    for (at, (id, change)) in places {
        let between = text
            .get(done..at)
            .ok_or_else(|| format!("{id}: another mutant changes the same in {file}"))?;
        whole.push_str(between);
        whole.push_str(&change.replace.replace("mutant!(", function));
        done = at.saturating_add(change.find.len());
    }
    whole.push_str(text.get(done..).unwrap_or_default());
    Ok(whole)
}

fn by_file(mutants: &[Mutant]) -> BTreeMap<&str, Vec<(&str, &Change)>> {
    let mut files: BTreeMap<&str, Vec<(&str, &Change)>> = BTreeMap::new();
    for mutant in mutants {
        for change in &mutant.change {
            let changes = files.entry(&change.file).or_default();
            changes.push((&mutant.id, change));
        }
    }
    files
}

/// Everything that the plugin is made of, by its path in the tree.
fn sources() -> Result<BTreeMap<PathBuf, String>, Fault> {
    let mut found = BTreeMap::new();
    let mut open = vec![root().join("guest"), root().join("wit")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            // What editors and desktops leave behind is no source.
            let is_hidden = path
                .file_name()
                .is_some_and(|it| it.to_string_lossy().starts_with('.'));
            if is_hidden || path == root().join(BUILDER) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let inside = path.strip_prefix(root()).unwrap_or(&path).to_owned();
            found.insert(inside, text);
        }
    }
    Ok(found)
}

/// The manifest of a workspace of the guest's packages alone, with a profile that compiles fast.
fn workspace(manifest: &str) -> Result<String, Fault> {
    let (before, rest) = manifest
        .split_once(MEMBERS)
        .ok_or("no members in Cargo.toml")?;
    let (members, after) = rest
        .split_once(']')
        .ok_or("no end of members in Cargo.toml")?;
    let guests: Vec<&str> = members
        .lines()
        .map(str::trim)
        .filter(|it| it.starts_with("\"guest") && !it.contains(BUILDER))
        .collect();
    let after = after.split("\n[profile.").next().unwrap_or_default();
    Ok(format!(
        "{before}{MEMBERS}{}]{after}{PROFILE}",
        guests.join("")
    ))
}

/// Removes what an earlier copy had and this one has not.
fn remove_others(directory: &Path, wanted: &BTreeMap<PathBuf, String>) -> Result<(), Fault> {
    let wanted: BTreeSet<PathBuf> = wanted.keys().map(|it| directory.join(it)).collect();
    let mut open = vec![directory.join("guest"), directory.join("wit")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if !wanted.contains(&path) {
                fs::remove_file(&path)?;
            }
        }
    }
    Ok(())
}

/// What only builds the component.
const BUILDER: &str = "guest/component";

const MEMBERS: &str = "members = [";

/// The mutants are not measured; what counts is how soon they are there.
const PROFILE: &str = r#"
[profile.mutants]
inherits = "release"
opt-level = 1
panic = "abort"
strip = true
"#;

/// What tells which mutant is active.
const SWITCH: &str = r#"//! Which mutant this is. Whoever makes a mutant writes its id over the marker, in the component's bytes.

/// Says whether this mutant is the active one.
#[must_use]
pub fn is_active(id: &str) -> bool {
    // Read as if it were not known, so that the comparison is made when the component runs.
    let marker = core::hint::black_box(&ACTIVE);
    let id = id.as_bytes();
    marker.get(PREFIX..).is_some_and(|it| {
        it.get(..id.len()) == Some(id) && it.get(id.len()) == Some(&b' ')
    })
}

static ACTIVE: [u8; LENGTH] = *b"MARKER";

const PREFIX: usize = 19;
"#;
