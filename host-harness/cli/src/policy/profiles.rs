//! `countersign policy profiles`.

use std::io::Write;

use clap::Args;
use countersign_host::contract::policy::Mode;
use countersign_host::profile::{Profile, Setting};

use crate::exit::Exit;
use crate::style::{BOLD, DIM};

/// Prints the named profiles: side by side, or one with the reason for each value
///
/// A star marks a floor: a policy that is laxer there departs from the profile.
#[derive(Args, Debug)]
#[command(after_help = "Exit codes:\n  0  printed\n  2  the command line cannot be used")]
pub(super) struct Profiles {
    /// The profile
    #[arg(value_parser = super::profile)]
    name: Option<Profile>,
    /// Print the JSON of a policy to edit and put; its mode is `voluntary`
    #[arg(long, requires = "name")]
    json: bool,
}

impl Profiles {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        match self.name {
            Some(profile) if self.json => {
                writeln!(out, "{:#}", profile.policy(Mode::Voluntary).to_json())?;
                Ok(())
            }
            Some(profile) => one(profile, out),
            None => all(out),
        }
    }
}

fn one(profile: Profile, out: &mut dyn Write) -> Result<(), Exit> {
    writeln!(out, "{BOLD}{profile}{BOLD:#}  {}\n", profile.title())?;
    for it in profile.values() {
        let (value, because) = (marked(&it, it.value.clone()), it.because);
        writeln!(
            out,
            "{:FIELD$}{value}\n{:FIELD$}{DIM}{because}{DIM:#}",
            it.field, ""
        )?;
    }
    Ok(())
}

fn all(out: &mut dyn Write) -> Result<(), Exit> {
    for profile in Profile::ALL {
        writeln!(out, "{BOLD}{profile:12}{BOLD:#}{}", profile.title())?;
    }
    let columns: Vec<Vec<(&str, String)>> = Profile::ALL.map(column).into();
    let mut heading = String::new();
    for (profile, column) in Profile::ALL.iter().zip(&columns) {
        heading.push_str(&format!("{profile:width$}", width = width(column)));
    }
    let heading = heading.trim_end();
    writeln!(out, "\n{:FIELD$}{BOLD}{heading}{BOLD:#}", "")?;
    let fields = Profile::Procore.values().map(|it| it.field);
    for (row, field) in fields.enumerate() {
        let mut line = format!("{field:FIELD$}");
        for column in &columns {
            let value = column.get(row).map_or("", |(_, value)| value);
            line.push_str(&format!("{value:width$}", width = width(column)));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(
        out,
        "\n{DIM}* a floor: a policy that is laxer there departs from the profile{DIM:#}"
    )?;
    Ok(())
}

fn column(profile: Profile) -> Vec<(&'static str, String)> {
    let short = |it: Setting| {
        let value = match it.value.split(' ').count() {
            0..=4 => it.value.clone(),
            items => format!("{items} of them"),
        };
        (it.field, marked(&it, value))
    };
    profile.values().map(short).collect()
}

fn marked(it: &Setting, value: String) -> String {
    match it.is_floor {
        true => format!("{value}*"),
        false => value,
    }
}

fn width(column: &[(&str, String)]) -> usize {
    let widest = column.iter().map(|(_, value)| value.len()).max();
    widest.unwrap_or_default().saturating_add(2)
}

/// Columns for the name of a field.
const FIELD: usize = 24;
