//! Companies and roles, as they are typed.

use clap::Args;
use countersign_gateway::directory::Member;

use crate::exit::Exit;

/// Which companies, and as what.
#[derive(Args, Debug)]
pub(super) struct MembershipArgs {
    /// A company that they belong to; ID:admin if they administer it
    #[arg(long = "company", value_name = "ID[:admin]")]
    companies: Vec<String>,
    /// A role in one of these companies, for policies that tell methods by role
    #[arg(long = "role", value_name = "ID:ROLE")]
    roles: Vec<String>,
}

impl MembershipArgs {
    pub(super) fn members(&self) -> Result<Vec<Member>, Exit> {
        let mut members: Vec<Member> = self.companies.iter().map(|it| member(it)).collect();
        for typed in &self.roles {
            let found = members.iter_mut().find_map(|member| {
                let role = typed.strip_prefix(&member.company)?.strip_prefix(':')?;
                Some((member, role.to_owned()))
            });
            let Some((member, role)) = found else {
                return Err(Exit::Usage(format!(
                    "--role {typed}: expected ID:ROLE, of a company that --company names"
                )));
            };
            member.roles.push(role);
        }
        Ok(members)
    }
}

fn member(typed: &str) -> Member {
    let (company, is_admin) = match typed.strip_suffix(":admin") {
        Some(company) => (company, true),
        None => (typed, false),
    };
    Member {
        company: company.to_owned(),
        is_admin,
        roles: Vec::new(),
        is_active: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companies_and_roles_are_put_together() {
        let typed = MembershipArgs {
            companies: vec!["acme".into(), "globex:admin".into(), "a:b".into()],
            roles: vec!["acme:payor".into(), "a:b:c:d".into(), "acme:x".into()],
        };
        let members = typed.members().unwrap();
        let found: Vec<_> = members
            .iter()
            .map(|it| (it.company.as_str(), it.is_admin, it.roles.join(",")))
            .collect();
        let expected = [
            ("acme", false, "payor,x".to_owned()),
            ("globex", true, String::new()),
            ("a:b", false, "c:d".to_owned()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_role_of_another_company_is_refused() {
        for role in ["other:x", "acme", "acm:e"] {
            let typed = MembershipArgs {
                companies: vec!["acme".into()],
                roles: vec![role.into()],
            };
            assert!(matches!(typed.members(), Err(Exit::Usage(_))), "{role}");
        }
    }
}
