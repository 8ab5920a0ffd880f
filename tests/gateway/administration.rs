//! Admins see to their own company, and to no other.

mod care;
mod settings;

use countersign_conformance::authenticator::Authenticator;
use countersign_gateway::directory::{Member, NewUser};
use countersign_host::clock::Clock;
use countersign_host::contract::policy::{FirstBinding, Mode, StoredPolicy};
use countersign_host::contract::{Actor, Method};
use countersign_tests::gateway::{PASSWORD, Site};
use countersign_tests::visitor::{Page, Visitor};
use libtest_mimic::Trial;

use crate::place::trial;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("admin_of_one_company_sees_nothing_of_another", another),
        trial("readiness_csv_is_safe_to_open_in_a_spreadsheet", csv),
        trial("readiness_counts_each_person_once", readiness),
        trial("audit_trail_tells_the_newest_first", audit),
    ];
    trials.extend(settings::trials());
    trials.extend(care::trials());
    trials
}

async fn another() {
    let site = site().await;
    let mut ana = enter(&site, "ana").await;
    let pages = [
        "mfa",
        "mfa/preview",
        "people",
        "people.csv",
        "people/u-gil",
        "audit",
    ];
    for page in pages {
        let of = |company: &str| format!("/countersign/admin/{company}/{page}");
        let theirs = ana.fetch(&of("globex")).await.expect("it answers");
        let nobodys = ana.fetch(&of("nowhere")).await.expect("it answers");
        assert_eq!(theirs.status(), 404, "{page}");
        assert_eq!(theirs.status(), nobodys.status());
        assert_eq!(theirs.text(), nobodys.text());
        assert_eq!(
            ana.fetch(&of("%2A")).await.expect("it answers").status(),
            404
        );
    }
    for form in ["people/u-gil/reset", "people/u-gil/set-up-code", "mfa/save"] {
        for company in ["globex", "nowhere"] {
            let path = format!("/countersign/admin/{company}/{form}");
            let answer = send(&mut ana, &path, &RESET_GIL).await;
            assert_eq!(answer.status(), 404, "{path}");
        }
    }
    let gil = ana.fetch("/countersign/admin/acme/people/u-gil").await;
    let nobody = ana.fetch("/countersign/admin/acme/people/u-nobody").await;
    let (gil, nobody) = (gil.expect("it answers"), nobody.expect("it answers"));
    assert_eq!((gil.status(), gil.text()), (nobody.status(), nobody.text()));

    // Of those who belong to both, only what is of this company.
    let vera = open(&mut ana, "/countersign/admin/acme/people/u-vera").await;
    let people = open(&mut ana, "/countersign/admin/acme/people").await;
    for page in [vera, people, open(&mut ana, "/countersign/admin").await] {
        assert!(!page.says("lobex"), "{page:?}");
    }
}

async fn csv() {
    let site = site().await;
    let names = [
        "=HYPERLINK(\"http://x\")",
        "+1",
        "-2",
        "@SUM(A1)",
        "a\",\"=1",
    ];
    for (n, name) in names.iter().enumerate() {
        add(&site, &format!("f{n}"), name).await;
    }
    let mut ana = enter(&site, "ana").await;
    let file = ana.fetch("/countersign/admin/acme/people.csv").await;
    let file = file.expect("it answers");
    let kind = file.header("content-type").expect("it has a type");
    assert!(kind.starts_with("text/csv"));
    assert!(
        file.header("content-disposition")
            .is_some_and(|it| it.starts_with("attachment"))
    );
    assert_eq!(file.text().lines().count(), 1 + 3 + names.len());
    for begins in ["\"'=HYPER", "\"'+1", "\"'-2", "\"'@SUM", "\"a\"\",\"\"=1\""] {
        let mut lines = file.text().lines();
        assert!(lines.any(|it| it.starts_with(begins)), "{}", file.text());
    }
}

async fn readiness() {
    let site = site().await;
    import(&site, "u-ben").await;
    let off = site.gateway.directory.set_active("u-vera", false).await;
    off.expect("she is switched off");
    let mut ana = enter(&site, "ana").await;
    let page = open(&mut ana, "/countersign/admin/acme/people").await;
    let told =
        "Of 3 people 1 have enrolled and 1 have not; 1 cannot sign in, and of 0 it is not known.";
    assert!(page.says(told), "{page:?}");
    assert!(page.says("3 found."));
    let page = open(
        &mut ana,
        "/countersign/admin/acme/people?state=not-enrolled&name=AN",
    )
    .await;
    assert!(page.says("1 found."));
    assert!(page.has_link("/countersign/admin/acme/people/u-ana"));
    // No style in an element: browsers are told to take none.
    assert!(!page.text().contains("style="));
}

async fn audit() {
    let site = site().await;
    let mut ana = lead(&site, "ana").await;
    for devices in ["1", "2", "3"] {
        review(&mut ana, &[("mode", "voluntary"), ("devices", devices)]).await;
        ana.press(SAVE, &[]).await.expect("it answers");
        site.clock.advance(60);
    }
    let page = open(&mut ana, "/countersign/admin/acme/audit").await;
    let words = page.words();
    let newest = stored(&site, "acme").await.revision;
    let place = |revision: u64| words.find(&format!("(revision {revision})"));
    assert!(place(newest).is_some(), "{words}");
    assert!(page.says("ana"));
    let changed = words.matches("The MFA settings were changed").count();
    assert!(changed >= 4, "{words}");
    let first = words.find("The MFA settings were changed");
    assert!(place(newest) < first.map(|it| it + 60), "{words}");
    // An operator's name is not an admin's to see, nor what happened elsewhere.
    assert!(!page.says("lobex"));
    let none = open(&mut ana, "/countersign/admin/acme/audit?user=gil").await;
    assert!(none.says("None."), "{none:?}");
}

async fn site() -> Site {
    Site::start().await.expect("it starts")
}

/// Signs somebody in who has no factor, and is not yet to have one.
async fn enter(site: &Site, name: &str) -> Visitor {
    let mut visitor = Visitor::at(&site.url());
    open(&mut visitor, "/countersign/sign-in").await;
    let typed = [("name", name), ("password", PASSWORD)];
    let page = visitor.press("/countersign/sign-in", &typed).await;
    if page.expect("it answers").path() == "/countersign/notice" {
        let later = visitor.press("/countersign/notice", &[("answer", "later")]);
        later.await.expect("it answers");
    }
    assert_eq!(visitor.page().heading(), "You are signed in");
    visitor
}

/// Signs in somebody who administers, with a factor of their own.
async fn lead(site: &Site, name: &str) -> Visitor {
    let app = import(site, &format!("u-{name}")).await;
    site.clock.advance(60);
    enter_with(site, name, &app).await
}

async fn enter_with(site: &Site, name: &str, app: &Authenticator) -> Visitor {
    let mut visitor = Visitor::at(&site.url());
    open(&mut visitor, "/countersign/sign-in").await;
    let typed = [("name", name), ("password", PASSWORD)];
    let page = visitor.press("/countersign/sign-in", &typed).await;
    page.expect("it answers");
    let code = app.code(now(site));
    let typed = [("code", code.as_str())];
    let page = visitor.press("/countersign/verify", &typed).await;
    page.expect("it answers");
    assert_eq!(visitor.page().heading(), "You are signed in");
    visitor
}

/// Returns the time there.
fn now(site: &Site) -> u64 {
    site.clock.now().expect("it is a clock")
}

async fn open(visitor: &mut Visitor, path: &str) -> Page {
    visitor.open(path).await.expect("it answers")
}

/// Fills in the form of Acme's settings, and goes on.
async fn review(visitor: &mut Visitor, form: &[(&str, &str)]) -> Page {
    if !visitor.page().has_form(MFA) {
        open(visitor, MFA).await;
    }
    visitor.press(MFA, form).await.expect("it answers")
}

/// Sends a form that stands on no page that the visitor can open, with the mark of their session.
async fn send(visitor: &mut Visitor, path: &str, form: &[(&str, &str)]) -> Page {
    let home = open(visitor, "/countersign/").await;
    let (_, rest) = home
        .text()
        .split_once("name=\"form-token\" value=\"")
        .expect("there is a form");
    let mark = rest.split('"').next().expect("it ends");
    let mut fields = vec![("form-token".to_owned(), mark.to_owned())];
    fields.extend(form.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())));
    visitor.post(path, &fields).await.expect("it answers")
}

/// Says whether a field is marked as the one that does not fit.
fn is_marked(page: &Page, field: &str) -> bool {
    let name = format!("name=\"{field}\"");
    let mut tags = page.text().split('<');
    tags.any(|it| it.contains(&name) && it.contains("aria-invalid=\"true\""))
}

async fn import(site: &Site, user: &str) -> Authenticator {
    let uri = "otpauth://totp/A:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A";
    let actor = Actor::Operator("root".to_owned());
    let administration = site.gateway.mfa.administration();
    let added = administration.add_totp(user, uri, None, &actor).await;
    added.expect("it is imported");
    Authenticator::scan(uri).expect("it is an address")
}

async fn has_factor(site: &Site, user: &str) -> bool {
    let status = site.gateway.mfa.administration().status(user).await;
    let factors = status.expect("it answers").factors;
    factors.iter().any(|it| it.method == Method::Totp)
}

async fn stored(site: &Site, company: &str) -> StoredPolicy {
    let stored = site.gateway.mfa.policy().get(company).await;
    stored.expect("it answers").expect("there is one")
}

async fn change(site: &Site, company: &str, change: impl FnOnce(&mut StoredPolicy)) {
    let mut stored = stored(site, company).await;
    let revision = stored.revision;
    change(&mut stored);
    let actor = Actor::Operator("root".to_owned());
    let policies = site.gateway.mfa.policy();
    let put = policies.put(company, &stored.policy, Some(revision), &actor, false);
    put.await.expect("it is put");
}

async fn add(site: &Site, id: &str, name: &str) {
    let user = NewUser {
        id: id.to_owned(),
        name: name.to_owned(),
        email: None,
        password: None,
        is_operator: false,
        memberships: vec![Member {
            company: "acme".to_owned(),
            is_admin: false,
            roles: Vec::new(),
            is_active: true,
        }],
    };
    let added = site.gateway.directory.add_user(user).await;
    added.expect("it is added");
}

const MFA: &str = "/countersign/admin/acme/mfa";

const SAVE: &str = "/countersign/admin/acme/mfa/save";

const RESET_GIL: [(&str, &str); 5] = [
    ("name", "gil"),
    ("reason", "lost"),
    ("verified", "yes"),
    ("vouched", "yes"),
    ("mode", "off"),
];
