//! `countersign user list`.

use std::io::Write;

use clap::Args;
use countersign_gateway::directory::{Member, User};
use serde_json::{Value, json};

use crate::database::Access;
use crate::directory::DirectoryArgs;
use crate::exit::Exit;
use crate::json::pretty;
use crate::style::BAD;
use crate::table::{Cell, Table};

/// Lists people, in the order of their ids
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(super) struct List {
    /// Those of one company
    #[arg(long, value_name = "ID")]
    company: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    directory: DirectoryArgs,
}

impl List {
    pub(super) async fn run(self, out: &mut dyn Write) -> Result<(), Exit> {
        let directory = self.directory.open(Access::Read).await?;
        let mut all: Vec<User> = Vec::new();
        loop {
            let after = all.last().map(|it| it.id.as_str());
            let page = directory
                .users(self.company.as_deref(), after, PAGE)
                .await?;
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        if self.json {
            let all = Value::Array(all.iter().map(json).collect());
            writeln!(out, "{}", pretty(&all))?;
            return Ok(());
        }
        if all.is_empty() {
            writeln!(out, "there is nobody")?;
            return Ok(());
        }
        let mut table = Table::default();
        table.heading(["name", "id", "email", "state", "companies"]);
        for user in &all {
            table.row([
                Cell::new(&user.name),
                Cell::new(&user.id),
                Cell::new(user.email.as_deref().unwrap_or("")),
                match (user.is_active, user.is_operator) {
                    (false, _) => Cell::styled(BAD, "disabled"),
                    (true, true) => Cell::new("operator"),
                    (true, false) => Cell::new(""),
                },
                Cell::new(&in_words(&user.memberships)),
            ]);
        }
        table.write(out)?;
        Ok(())
    }
}

/// Writes companies as they are typed, with roles behind them.
pub(super) fn in_words(members: &[Member]) -> String {
    let words = members.iter().map(|member| {
        let admin = if member.is_admin { ":admin" } else { "" };
        let roles = match member.roles.is_empty() {
            true => String::new(),
            false => format!(" ({})", member.roles.join(", ")),
        };
        let rests = if member.is_active { "" } else { " (resting)" };
        format!("{}{admin}{roles}{rests}", member.company)
    });
    words.collect::<Vec<_>>().join(", ")
}

fn json(user: &User) -> Value {
    let companies = user.memberships.iter().map(|it| {
        json!({ "company": it.company, "admin": it.is_admin, "roles": it.roles, "active": it.is_active })
    });
    json!({
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "operator": user.is_operator,
        "active": user.is_active,
        "enrolled-before": user.was_enrolled,
        "has-password": user.password.is_some(),
        "companies": companies.collect::<Vec<_>>(),
    })
}

const PAGE: usize = 500;

const EXIT_CODES: &str = "\
Exit codes:
  0  they were listed
  1  the directory did not answer
  2  the command line or the directory cannot be used";
