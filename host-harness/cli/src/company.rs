//! `countersign company`.

use std::io::Write;

use clap::{Args, Subcommand};
use countersign_gateway::directory;
use countersign_host::printable::Printable;
use serde_json::{Value, json};

use crate::database::Access;
use crate::directory::DirectoryArgs;
use crate::exit::Exit;
use crate::json::pretty;
use crate::style::GOOD;
use crate::table::{Cell, Table};

/// The companies in the gateway's directory: add, list
#[derive(Args, Debug)]
pub(crate) struct Company {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Add),
    List(List),
}

/// Adds a company, or renames one
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct Add {
    /// What policies know it by; it never changes
    id: String,
    /// What people read
    #[arg(long)]
    name: String,
    #[command(flatten)]
    directory: DirectoryArgs,
}

/// Lists the companies
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    directory: DirectoryArgs,
}

impl Company {
    pub(crate) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        match self.action {
            Action::Add(add) => add.run(out).await,
            Action::List(list) => list.run(out).await,
        }
    }
}

impl Add {
    async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let directory = self.directory.open(Access::Create).await?;
        let company = directory::Company {
            id: self.id.clone(),
            name: self.name.clone(),
        };
        directory.put_company(company).await?;
        let (id, name) = (Printable(&self.id), Printable(&self.name));
        writeln!(out, "{GOOD}put{GOOD:#}: {id}, {name}")?;
        Ok(())
    }
}

impl List {
    async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let directory = self.directory.open(Access::Read).await?;
        let companies = directory.companies().await?;
        if self.json {
            let companies = companies
                .iter()
                .map(|it| json!({ "id": it.id, "name": it.name }));
            writeln!(out, "{}", pretty(&Value::Array(companies.collect())))?;
            return Ok(());
        }
        let mut table = Table::default();
        table.heading(["id", "name"]);
        for company in &companies {
            table.row([Cell::new(&company.id), Cell::new(&company.name)]);
        }
        table.write(out)?;
        Ok(())
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0  it went well
  1  the directory did not answer
  2  the command line or the directory cannot be used";
