//! Files of people.

use std::collections::HashMap;
use std::path::Path;

use countersign_host::contract::{FirstFactor, FirstFactorKind, Membership};
use countersign_host::preview::Subject;

use crate::exit::Exit;
use crate::input;
use crate::table_file::{self, Row, TableFile};

/// Reads people from a file whose name says in which form they stand there.
pub(crate) fn read(path: &Path) -> Result<Vec<Subject>, Exit> {
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
    let table = TableFile::<Column>::parse(text).map_err(|it| it.to_string())?;
    if !(table.has(Column::User) && table.has(Column::Company)) {
        return Err(table.wrong_heading().to_string());
    }
    let mut subjects: Vec<Subject> = Vec::new();
    let mut places: HashMap<String, (usize, u64)> = HashMap::new();
    for row in table.rows() {
        let line = row.line;
        let it = subject(&row).map_err(|it| format!("line {line}: {it}"))?;
        match places.get(&it.user) {
            Some((place, first)) => {
                let known = subjects
                    .get_mut(*place)
                    .filter(|known| known.first_factor == it.first_factor);
                let known = known.ok_or_else(|| {
                    format!("line {line}: provider: expected the same as in line {first}")
                })?;
                known.memberships.extend(it.memberships);
            }
            None => {
                places.insert(it.user.clone(), (subjects.len(), line));
                subjects.push(it);
            }
        }
    }
    Ok(subjects)
}

fn subject(row: &Row<'_, Column>) -> Result<Subject, String> {
    row.is_whole()?;
    let filled = |name: &str, column| {
        let text = row.get(column).map(str::to_owned);
        text.ok_or_else(|| format!("{name}: expected at least 1 byte"))
    };
    let active = match row.get(Column::Active) {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err("active: expected true, false or nothing".to_owned()),
    };
    let roles = row.get(Column::Roles).unwrap_or_default();
    let roles = roles.split(';').map(str::trim).filter(|it| !it.is_empty());
    let first_factor = match row.get(Column::Provider) {
        None => FirstFactor::password(),
        Some(provider) => FirstFactor {
            kind: FirstFactorKind::Federated(provider.to_owned()),
            ..FirstFactor::password()
        },
    };
    Ok(Subject {
        user: filled("user", Column::User)?,
        memberships: vec![Membership {
            company: filled("company", Column::Company)?,
            roles: roles.map(str::to_owned).collect(),
            active,
        }],
        first_factor,
    })
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Column {
    User,
    Company,
    Roles,
    Active,
    Provider,
}

impl table_file::Column for Column {
    const SHAPE: &'static str = "a heading: user and company; roles, active, provider";

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "user" => Self::User,
            "company" => Self::Company,
            "roles" => Self::Roles,
            "active" => Self::Active,
            "provider" => Self::Provider,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use countersign_host::contract::FirstFactorKind;

    use super::parse_csv;

    #[test]
    fn rows_of_one_user_are_memberships_of_that_user() {
        let text = "\u{feff}user,company,roles,active,provider\n\
            ana, acme ,payor; admin,,\nben,acme,,false,okta\nana,beta,,true,\n";
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
            ("", "line 1: expected a heading: user and company"),
            (
                "user,role\n",
                "line 1: expected a heading: user and company",
            ),
            ("user\n", "line 1: expected a heading: user and company"),
            ("user,company,User\n", "line 1: expected each column once"),
            (
                "user,company\n\nana\n",
                "line 3: expected 2 fields, as in line 1",
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
                "user,company,provider\nana,acme,okta\nana,beta,\n",
                "line 3: provider: expected the same as in line 2",
            ),
        ] {
            let error = parse_csv(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
