//! `countersign policy profiles`.

use std::io::Write;

use clap::Args;
use countersign_host::contract::policy::Mode;
use countersign_host::profile::{Profile, Setting};

use crate::exit::Exit;
use crate::json::pretty;
use crate::style::{BOLD, DIM};
use crate::table::{Cell, Table};

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
                let policy = profile.policy(Mode::Voluntary).to_json();
                writeln!(out, "{}", pretty(&policy))?;
                Ok(())
            }
            Some(profile) => one(profile, out),
            None => all(out),
        }
    }
}

fn one(profile: Profile, out: &mut dyn Write) -> Result<(), Exit> {
    writeln!(out, "{BOLD}{profile}{BOLD:#}  {}\n", profile.title())?;
    let mut table = Table::default();
    for it in profile.values() {
        table.row([Cell::new(it.field), Cell::new(&marked(&it, &it.value))]);
        table.note(it.because);
    }
    table.write(out)?;
    Ok(())
}

fn all(out: &mut dyn Write) -> Result<(), Exit> {
    let mut titles = Table::default();
    for &profile in Profile::ALL {
        titles.row([
            Cell::styled(BOLD, profile.name()),
            Cell::new(profile.title()),
        ]);
    }
    titles.write(out)?;
    writeln!(out)?;
    let columns: Vec<_> = Profile::ALL.iter().copied().map(column).collect();
    let mut table = Table::default();
    let names = Profile::ALL.iter().map(|it| it.name());
    table.heading([""].into_iter().chain(names));
    for (row, it) in Profile::Procore.values().enumerate() {
        let values = columns.iter().map(|column| column.get(row));
        let values = values.map(|it| Cell::new(it.map_or("", String::as_str)));
        table.row([Cell::new(it.field)].into_iter().chain(values));
    }
    table.write(out)?;
    writeln!(
        out,
        "\n{DIM}* a floor: a policy that is laxer there departs from the profile{DIM:#}"
    )?;
    Ok(())
}

fn column(profile: Profile) -> Vec<String> {
    let short = |it: Setting| match it.value.split(' ').count() {
        0..=4 => marked(&it, &it.value),
        items => marked(&it, &format!("{items} of them")),
    };
    profile.values().map(short).collect()
}

fn marked(it: &Setting, value: &str) -> String {
    match it.is_floor {
        true => format!("{value}*"),
        false => value.to_owned(),
    }
}
