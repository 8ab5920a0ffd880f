//! Files of people.

use std::collections::HashMap;
use std::path::Path;

use countersign_host::contract::{FirstFactor, FirstFactorKind, Membership};
use countersign_host::preview::Subject;

use crate::exit::Exit;
use crate::input;

/// Reads people from a file whose name says in which form they stand there.
pub(super) fn read(path: &Path) -> Result<Vec<Subject>, Exit> {
    let name = path.to_string_lossy();
    let ending = path.extension().and_then(|it| it.to_str());
    let subjects = match ending {
        Some("json") => Subject::parse_all(&input::read(&name)?).map_err(|it| it.to_string()),
        Some("csv") => parse_csv(&input::read(&name)?),
        _ => Err("expected a name that ends in .json or .csv".to_owned()),
    };
    subjects.map_err(|message| Exit::Usage(message).at(&name))
}

/// Reads a table with a heading. Rows of one user are that user's memberships.
fn parse_csv(text: &str) -> Result<Vec<Subject>, String> {
    let mut records = records(text.trim_start_matches('\u{feff}'))?.into_iter();
    let (_, heading) = records
        .next()
        .ok_or_else(|| format!("line 1: expected a heading with {COLUMNS}"))?;
    let columns = Columns::parse(&heading)?;
    let mut subjects: Vec<Subject> = Vec::new();
    let mut places: HashMap<String, (usize, usize)> = HashMap::new();
    for (line, cells) in records {
        if cells.len() != heading.len() {
            let (expected, found) = (heading.len(), cells.len());
            return Err(format!(
                "line {line}: expected {expected} fields, found {found}"
            ));
        }
        let row = columns
            .row(&cells)
            .map_err(|it| format!("line {line}: {it}"))?;
        match places.get(&row.user) {
            Some((place, first)) => {
                let subject = subjects
                    .get_mut(*place)
                    .filter(|it| it.first_factor == row.first_factor);
                let subject = subject.ok_or_else(|| {
                    format!("line {line}: provider: expected the same as in line {first}")
                })?;
                subject.memberships.extend(row.memberships);
            }
            None => {
                places.insert(row.user.clone(), (subjects.len(), line));
                subjects.push(row);
            }
        }
    }
    Ok(subjects)
}

/// In which column what stands.
struct Columns {
    user: usize,
    company: usize,
    roles: Option<usize>,
    active: Option<usize>,
    provider: Option<usize>,
}

impl Columns {
    fn parse(heading: &[String]) -> Result<Self, String> {
        let names = ["user", "company", "roles", "active", "provider"];
        let is_known = |it: &&String| !names.contains(&it.trim());
        if heading.iter().find(is_known).is_some() {
            return Err(format!("line 1: expected no other columns than {COLUMNS}"));
        }
        let find = |name: &str| {
            let mut found = (0..).zip(heading).filter(|(_, it)| it.trim() == name);
            match (found.next(), found.next()) {
                (_, Some(_)) => Err(format!("line 1: expected the column {name} once")),
                (found, None) => Ok(found.map(|(place, _)| place)),
            }
        };
        let need = |name: &str| {
            find(name)?
                .ok_or_else(|| format!("line 1: expected a column {name}; there are {COLUMNS}"))
        };
        Ok(Self {
            user: need("user")?,
            company: need("company")?,
            roles: find("roles")?,
            active: find("active")?,
            provider: find("provider")?,
        })
    }

    fn row(&self, cells: &[String]) -> Result<Subject, String> {
        let cell = |place: usize| cells.get(place).map_or("", String::as_str);
        let optional = |place: Option<usize>| place.map_or("", cell);
        let filled = |name: &str, place: usize| match cell(place) {
            "" => Err(format!("{name}: expected at least 1 byte")),
            text => Ok(text.to_owned()),
        };
        let active = match optional(self.active) {
            "" | "true" => true,
            "false" => false,
            _ => return Err("active: expected true, false or nothing".to_owned()),
        };
        let roles = optional(self.roles).split(';').map(str::trim);
        let first_factor = match optional(self.provider) {
            "" => Subject::password(),
            provider => FirstFactor {
                kind: FirstFactorKind::Federated(provider.to_owned()),
                ..Subject::password()
            },
        };
        Ok(Subject {
            user: filled("user", self.user)?,
            memberships: vec![Membership {
                company: filled("company", self.company)?,
                roles: roles
                    .filter(|it| !it.is_empty())
                    .map(str::to_owned)
                    .collect(),
                active,
            }],
            first_factor,
        })
    }
}

/// Takes a text apart as RFC 4180 has it, each record with the line that it begins on. Empty lines are skipped.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut records = Vec::new();
    let mut line: usize = 1;
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        let begin = line;
        let mut cells = vec![String::new()];
        let mut quoted = false;
        while let Some(c) = chars.next() {
            let at_begin = cells.last().is_some_and(String::is_empty);
            match c {
                '"' if quoted && chars.next_if_eq(&'"').is_some() => push(&mut cells, '"'),
                '"' if quoted => quoted = false,
                '"' if at_begin => quoted = true,
                '"' => {
                    return Err(format!(
                        "line {line}: expected a quoted field to begin with its quote"
                    ));
                }
                ',' if !quoted => cells.push(String::new()),
                '\r' if !quoted && chars.peek() == Some(&'\n') => {}
                '\n' => {
                    line = line.saturating_add(1);
                    match quoted {
                        true => push(&mut cells, '\n'),
                        false => break,
                    }
                }
                c => push(&mut cells, c),
            }
        }
        if quoted {
            return Err(format!(
                "line {begin}: expected a quote at the end of a quoted field"
            ));
        }
        if cells != [""] {
            records.push((begin, cells));
        }
    }
    Ok(records)
}

fn push(cells: &mut [String], c: char) {
    if let Some(cell) = cells.last_mut() {
        cell.push(c);
    }
}

const COLUMNS: &str = "user, company, roles, active and provider";

#[cfg(test)]
mod tests {
    use countersign_host::contract::FirstFactorKind;

    use super::{parse_csv, records};

    #[test]
    fn quoted_fields_hold_commas_quotes_and_lines() {
        let text = "a,\"b,\"\"c\"\"\r\nd\"\r\n\r\n,e\n";
        let expected = [
            (1, vec!["a".to_owned(), "b,\"c\"\r\nd".to_owned()]),
            (4, vec![String::new(), "e".to_owned()]),
        ];
        assert_eq!(records(text).unwrap(), expected);
    }

    #[test]
    fn rows_of_one_user_are_memberships_of_that_user() {
        let text = "\u{feff}user,company,roles,active,provider\n\
            ana,acme,payor; admin,,\nben,acme,,false,okta\nana,beta,,true,\n";
        let subjects = parse_csv(text).unwrap();
        let [ana, ben] = subjects.as_slice() else {
            panic!("{subjects:?}");
        };
        assert_eq!(ana.user, "ana");
        assert_eq!(ana.memberships[0].roles, ["payor", "admin"]);
        assert_eq!(ana.memberships[1].company, "beta");
        assert!(!ben.memberships[0].active);
        let okta = FirstFactorKind::Federated("okta".to_owned());
        assert_eq!(ben.first_factor.kind, okta);
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_line_and_what_was_expected() {
        for (text, expected) in [
            ("", "line 1: expected a heading with user, company"),
            ("user,role\n", "line 1: expected no other columns than user"),
            ("user\n", "line 1: expected a column company;"),
            (
                "user,company,user\n",
                "line 1: expected the column user once",
            ),
            (
                "user,company\n\nana\n",
                "line 3: expected 2 fields, found 1",
            ),
            (
                "user,company\n,acme\n",
                "line 2: user: expected at least 1 byte",
            ),
            (
                "user,company,active\nana,acme,no\n",
                "line 2: active: expected true, false",
            ),
            (
                "user,company\nana,\"acme\n",
                "line 2: expected a quote at the end",
            ),
            (
                "user,company\nana,a\"b\"\n",
                "line 2: expected a quoted field to begin",
            ),
            (
                "user,company,provider\nana,acme,okta\nana,beta,\n",
                "line 3: provider: expected the same as in line 2",
            ),
        ] {
            let error = parse_csv(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
