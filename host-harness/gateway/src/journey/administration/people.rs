//! A company's people, and how far they are.

use axum::http::StatusCode;
use countersign_host::contract::administration::UserStatus;
use countersign_host::contract::{Method, MethodState};
use tokio::task::JoinSet;

use crate::directory::User;
use crate::gateway::Gateway;
use crate::governing::DEFAULT;
use crate::journey::visit::Visit;
use crate::refusal::Refusal;

/// How far a company's people are.
#[derive(Clone, Debug)]
pub(crate) struct Readiness {
    /// Everybody, in the order of their ids' bytes.
    pub(crate) people: Vec<Listed>,
    /// How many of them.
    pub(crate) totals: Totals,
    /// Whether there are more people than were looked at.
    pub(crate) is_cut: bool,
}

/// One of a company's people, as a list shows them.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// What the plugin knows them by.
    pub(crate) id: String,
    /// What they type to sign in.
    pub(crate) name: String,
    /// Whether they may sign in.
    pub(crate) is_active: bool,
    /// How far they are; none if the plugin could not say.
    pub(crate) progress: Option<Progress>,
}

/// How far somebody is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Progress {
    pub(crate) has_app: bool,
    pub(crate) has_phone: bool,
    /// Whether they have a recovery code, and said to have saved it.
    pub(crate) has_saved_code: bool,
    /// Whether a factor rests for a while after wrong codes.
    pub(crate) is_waiting: bool,
    /// Whether a factor was switched off after very many wrong codes.
    pub(crate) is_disabled: bool,
    /// Whether they must change their password before anything else.
    pub(crate) must_change_password: bool,
    pub(crate) is_erased: bool,
}

/// How many people. Those who are switched off count in `people` and `off`, and nowhere else.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Totals {
    pub(crate) people: usize,
    pub(crate) off: usize,
    pub(crate) enrolled: usize,
    pub(crate) not_enrolled: usize,
    pub(crate) with_app: usize,
    pub(crate) with_phone: usize,
    pub(crate) with_saved_code: usize,
    pub(crate) waiting: usize,
    pub(crate) disabled: usize,
    /// Those of whom the plugin could not say.
    pub(crate) unknown: usize,
}

/// One of a company's people, as an admin of that company may see them: of other companies nothing.
#[derive(Clone, Debug)]
pub(crate) struct Someone {
    /// What they type to sign in.
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    /// Whether they may sign in.
    pub(crate) is_active: bool,
    /// Their roles in this company.
    pub(crate) roles: Vec<String>,
    /// Whether they are who looks.
    pub(crate) is_oneself: bool,
    pub(crate) status: UserStatus,
}

impl Gateway {
    /// Says how far a company's people are: at most [`MOST_PEOPLE`] of them.
    pub(crate) async fn readiness(
        &self,
        visit: &Visit,
        company: &str,
    ) -> Result<Readiness, Refusal> {
        self.administered_company(visit, company).await?;
        let (users, is_cut) = self.company_people(company, MOST_PEOPLE).await?;
        let people = self.listed(visit, users).await?;
        Ok(Readiness {
            totals: Totals::of(&people),
            people,
            is_cut,
        })
    }

    /// Writes how far each of a company's people is as a table for a spreadsheet, however many they are.
    ///
    /// # Security
    ///
    /// No cell of it is a formula, whatever somebody is named: see [`cell`].
    pub(crate) async fn readiness_csv(
        &self,
        visit: &Visit,
        company: &str,
    ) -> Result<String, Refusal> {
        self.administered_company(visit, company).await?;
        let mut csv = String::from(HEADING);
        let mut after: Option<String> = None;
        loop {
            let page = self.page_of(company, after.as_deref()).await?;
            let Some(last) = page.last() else {
                return Ok(csv);
            };
            after = Some(last.id.clone());
            let belonging = page.into_iter().filter(|it| belongs(it, company));
            for person in self.listed(visit, belonging.collect()).await? {
                csv.push_str(&person.line());
            }
        }
    }

    /// Shows one of a company's people.
    ///
    /// # Errors
    ///
    /// The refusal of somebody who does not exist, also for somebody of another company.
    pub(crate) async fn person(
        &self,
        visit: &Visit,
        company: &str,
        user: &str,
    ) -> Result<Someone, Refusal> {
        let user = self.member(visit, company, user).await?;
        let mfa = visit.mfa(self);
        let status = mfa.administration().status(&user.id).await?;
        let of = user.memberships.iter().find(|it| it.company == company);
        Ok(Someone {
            roles: of.map(|it| it.roles.clone()).unwrap_or_default(),
            is_oneself: user.id == visit.user.id,
            name: user.name,
            email: user.email,
            is_active: user.is_active,
            status,
        })
    }

    /// Finds one of a company's people, for whoever administers it.
    pub(super) async fn member(
        &self,
        visit: &Visit,
        company: &str,
        user: &str,
    ) -> Result<User, Refusal> {
        self.administered_company(visit, company).await?;
        let user = self.directory.user(user).await?;
        user.filter(|it| belongs(it, company)).ok_or_else(|| {
            Refusal::new(StatusCode::NOT_FOUND, "unknown", "There is no such person.")
        })
    }

    /// Lists a company's people, at most `most` of them; says whether there are more.
    pub(super) async fn company_people(
        &self,
        company: &str,
        most: usize,
    ) -> Result<(Vec<User>, bool), Refusal> {
        let mut people: Vec<User> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.page_of(company, after.as_deref()).await?;
            let Some(last) = page.last() else {
                return Ok((people, false));
            };
            after = Some(last.id.clone());
            people.extend(page.into_iter().filter(|it| belongs(it, company)));
            if people.len() > most {
                people.truncate(most);
                return Ok((people, true));
            }
        }
    }

    async fn page_of(&self, company: &str, after: Option<&str>) -> Result<Vec<User>, Refusal> {
        let company = (company != DEFAULT).then_some(company);
        Ok(self.directory.users(company, after, PAGE).await?)
    }

    /// Asks the plugin about each of these people, a few at a time: sign-ins need a place too.
    async fn listed(&self, visit: &Visit, users: Vec<User>) -> Result<Vec<Listed>, Refusal> {
        let mfa = visit.mfa(self);
        let mut waiting = users.into_iter().enumerate();
        let mut running = JoinSet::new();
        let mut people = Vec::new();
        loop {
            while running.len() < AT_ONCE
                && let Some((place, user)) = waiting.next()
            {
                let mfa = mfa.clone();
                running.spawn(async move {
                    let status = mfa.administration().status(&user.id).await;
                    let person = Listed {
                        id: user.id,
                        name: user.name,
                        is_active: user.is_active,
                        progress: status.ok().as_ref().map(Progress::of),
                    };
                    (place, person)
                });
            }
            match running.join_next().await {
                Some(done) => people.push(done.map_err(|_| Refusal::unavailable())?),
                None => break,
            }
        }
        people.sort_by_key(|(place, _)| *place);
        Ok(people.into_iter().map(|(_, it)| it).collect())
    }
}

impl Listed {
    /// Says in a word how far they are: as it is filtered by, and as it stands in the table for spreadsheets.
    pub(crate) fn state(&self) -> &'static str {
        match &self.progress {
            _ if !self.is_active => "off",
            None => "unknown",
            Some(it) if it.is_erased => "erased",
            Some(it) if it.is_disabled => "disabled",
            Some(it) if it.is_waiting => "waiting",
            Some(it) if it.is_enrolled() => "enrolled",
            Some(_) => "not-enrolled",
        }
    }

    fn line(&self) -> String {
        let yes = |is: fn(&Progress) -> bool| match &self.progress {
            Some(it) if is(it) => "yes",
            Some(_) => "no",
            None => "unknown",
        };
        let cells = [
            cell(&self.name),
            cell(&self.id),
            self.state().to_owned(),
            yes(Progress::is_enrolled).to_owned(),
            yes(|it| it.has_app).to_owned(),
            yes(|it| it.has_phone).to_owned(),
            yes(|it| it.has_saved_code).to_owned(),
        ];
        format!("{}\r\n", cells.join(","))
    }
}

impl Progress {
    fn of(status: &UserStatus) -> Self {
        let has = |method| status.factors.iter().any(|it| it.method == method);
        let any = |is: fn(&MethodState) -> bool| status.factors.iter().any(|it| is(&it.state));
        Self {
            has_app: has(Method::Totp),
            has_phone: has(Method::Sms),
            has_saved_code: status.recovery.as_ref().is_some_and(|it| it.acknowledged),
            is_waiting: any(|it| matches!(it, MethodState::WaitUntil(_))),
            is_disabled: any(|it| matches!(it, MethodState::Disabled)),
            must_change_password: status.change_first_factor,
            is_erased: status.erased,
        }
    }

    /// Says whether they have a factor.
    pub(crate) fn is_enrolled(&self) -> bool {
        self.has_app || self.has_phone
    }
}

impl Totals {
    fn of(people: &[Listed]) -> Self {
        let mut totals = Self {
            people: people.len(),
            ..Self::default()
        };
        for person in people {
            totals.add(person);
        }
        totals
    }

    fn add(&mut self, person: &Listed) {
        let count = |total: &mut usize, is: bool| *total = total.saturating_add(is.into());
        if !person.is_active {
            count(&mut self.off, true);
            return;
        }
        let Some(progress) = &person.progress else {
            count(&mut self.unknown, true);
            return;
        };
        count(&mut self.enrolled, progress.is_enrolled());
        count(&mut self.not_enrolled, !progress.is_enrolled());
        count(&mut self.with_app, progress.has_app);
        count(&mut self.with_phone, progress.has_phone);
        count(&mut self.with_saved_code, progress.has_saved_code);
        count(&mut self.waiting, progress.is_waiting);
        count(&mut self.disabled, progress.is_disabled);
    }
}

/// Says whether somebody belongs to a company at present. To the default belongs everybody.
fn belongs(user: &User, company: &str) -> bool {
    let mut memberships = user.memberships.iter();
    company == DEFAULT || memberships.any(|it| it.company == company && it.is_active)
}

/// Writes a cell for a spreadsheet, in quotes.
///
/// Spreadsheets take a cell that begins with one of `=`, `+`, `-`, `@`, a tab or a line break for a formula, in quotes or
/// not, and run it on the machine of whoever opens the file: such a one begins with an apostrophe instead.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let mark = if is_formula { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

const HEADING: &str = "name,id,state,enrolled,app,text messages,recovery code saved\r\n";

/// The most people that a report on a page looks at.
pub(crate) const MOST_PEOPLE: usize = 10_000;

/// People who are read at once.
const PAGE: usize = 500;

/// Calls that run at once.
const AT_ONCE: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(cell(text), format!("\"'{text}\""));
        }
        assert_eq!(cell("ana"), "\"ana\"");
    }

    #[test]
    fn a_quote_in_a_cell_does_not_end_it() {
        assert_eq!(cell("a\",\"=1"), "\"a\"\",\"\"=1\"");
    }
}
