//! Admins see to their own company, and to no other.

use countersign_conformance::authenticator::Authenticator;
use countersign_conformance::gateway::{PASSWORD, Site};
use countersign_conformance::visitor::{Page, Visitor};
use countersign_gateway::directory::{Member, NewUser};
use countersign_host::clock::Clock;
use countersign_host::contract::policy::{FirstBinding, Mode, StoredPolicy};
use countersign_host::contract::{Actor, Method};
use libtest_mimic::Trial;

use crate::place::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("admin_of_one_company_sees_nothing_of_another", another),
        trial("a_user_cannot_reset_anybody", no_admin),
        trial("an_admin_cannot_reset_herself", herself),
        trial("reset_needs_the_exact_name_and_the_tick", exact),
        trial("reset_ends_every_session_of_the_user", sessions),
        trial(
            "reset_of_somebody_whom_another_company_has_too_is_left_to_operators",
            shared,
        ),
        trial(
            "deadline_is_local_midnight_of_the_zone_that_was_chosen",
            midnight,
        ),
        trial("a_past_date_needs_enforce_now", past),
        trial(
            "preview_says_who_would_be_blocked_and_changes_nothing",
            preview,
        ),
        trial("settings_are_saved_only_after_their_summary", summary),
        trial("settings_that_do_not_fit_are_told_at_their_field", misfit),
        trial(
            "two_admins_who_save_at_once_do_not_overwrite_each_other",
            at_once,
        ),
        trial("readiness_csv_is_safe_to_open_in_a_spreadsheet", csv),
        trial("readiness_counts_each_person_once", readiness),
        trial("saving_asks_for_a_fresh_factor", fresh),
        trial("set_up_code_is_shown_once_and_noted", code),
        trial("unlocking_ends_the_wait_of_a_factor", unlock),
        trial("operator_sets_the_default_for_everybody_else", default),
        trial("audit_trail_tells_the_newest_first", audit),
    ]
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

async fn no_admin() {
    let site = site().await;
    import(&site, "u-vera").await;
    let mut ben = enter(&site, "ben").await;
    let index = ben.fetch("/countersign/admin").await.expect("it answers");
    assert_eq!(index.status(), 403);
    let form = [("name", "vera"), ("reason", "mine"), ("verified", "yes")];
    let answer = send(
        &mut ben,
        "/countersign/admin/acme/people/u-vera/reset",
        &form,
    )
    .await;
    assert_eq!(answer.status(), 404);
    assert!(has_factor(&site, "u-vera").await);
}

async fn herself() {
    let site = site().await;
    let mut ana = enter(&site, "ana").await;
    let page = open(&mut ana, "/countersign/admin/acme/people/u-ana").await;
    assert!(page.says("This is you"));
    assert!(!page.has_form("/countersign/admin/acme/people/u-ana/reset"));
    let form = [("name", "ana"), ("reason", "lost"), ("verified", "yes")];
    for (what, form) in [
        ("reset", &form[..]),
        ("set-up-code", &[("vouched", "yes")]),
        ("unlock", &[("method", "totp")]),
    ] {
        let path = format!("/countersign/admin/acme/people/u-ana/{what}");
        let answer = send(&mut ana, &path, form).await;
        assert_eq!(answer.status(), 403, "{what}");
        assert!(answer.says("You cannot do this for yourself"));
    }
    // Nor does an operator, who is over all companies.
    let mut omar = enter(&site, "omar").await;
    let form = [("name", "omar"), ("reason", "lost"), ("verified", "yes")];
    let path = "/countersign/admin/%2A/people/u-omar/reset";
    assert_eq!(send(&mut omar, path, &form).await.status(), 403);
}

async fn exact() {
    let site = site().await;
    import(&site, "u-ben").await;
    let mut ana = enter(&site, "ana").await;
    let path = "/countersign/admin/acme/people/u-ben/reset";
    open(&mut ana, "/countersign/admin/acme/people/u-ben").await;
    for (name, ticked, reason, field) in [
        ("Ben", true, "lost", "name"),
        ("", true, "lost", "name"),
        ("be", true, "lost", "name"),
        ("ben", false, "lost", "verified"),
        ("ben", true, "", "reason"),
    ] {
        let mut form = vec![("name", name), ("reason", reason)];
        form.extend(ticked.then_some(("verified", "yes")));
        let page = ana.press(path, &form).await.expect("it answers");
        assert!(page.status().is_client_error(), "{page:?}");
        assert!(is_marked(&page, field), "{field}: {}", page.text());
        assert!(has_factor(&site, "u-ben").await);
    }
    let form = [
        ("name", "ben"),
        ("reason", "lost phone"),
        ("verified", "yes"),
    ];
    let page = ana.press(path, &form).await.expect("it answers");
    assert!(page.says("All their sessions ended"), "{page:?}");
    assert!(!has_factor(&site, "u-ben").await);
    let trail = open(&mut ana, "/countersign/admin/acme/audit?event=reset").await;
    assert!(trail.says("All methods were reset: lost phone"));
}

async fn sessions() {
    let site = site().await;
    let mut phone = enter(&site, "ben").await;
    let mut desk = enter(&site, "ben").await;
    let mut ana = enter(&site, "ana").await;
    open(&mut ana, "/countersign/admin/acme/people/u-ben").await;
    let form = [("name", "ben"), ("reason", "lost"), ("verified", "yes")];
    let path = "/countersign/admin/acme/people/u-ben/reset";
    let page = ana.press(path, &form).await.expect("it answers");
    assert!(page.says("All their sessions ended"), "{page:?}");
    for browser in [&mut phone, &mut desk] {
        let page = open(browser, "/countersign/").await;
        assert!(page.path().starts_with("/countersign/sign-in"), "{page:?}");
    }
    assert_eq!(
        open(&mut ana, "/countersign/admin").await.heading(),
        "Company admin"
    );
}

async fn shared() {
    let site = site().await;
    import(&site, "u-vera").await;
    for company in ["acme", "globex"] {
        change(&site, company, |policy| {
            policy.policy.reset_authority =
                countersign_host::contract::policy::ResetAuthority::Realm;
        })
        .await;
    }
    let form = [("name", "vera"), ("reason", "lost"), ("verified", "yes")];
    let path = "/countersign/admin/acme/people/u-vera/reset";
    let mut ana = enter(&site, "ana").await;
    let page = send(&mut ana, path, &form).await;
    assert_eq!(page.status(), 403);
    assert!(page.says("Ask an operator"), "{page:?}");
    assert!(has_factor(&site, "u-vera").await);
    let code = "/countersign/admin/acme/people/u-vera/set-up-code";
    let page = send(&mut ana, code, &[("vouched", "yes")]).await;
    assert_eq!(page.status(), 403, "{page:?}");

    let mut omar = enter(&site, "omar").await;
    let page = send(&mut omar, path, &form).await;
    assert!(page.says("All their sessions ended"), "{page:?}");
    assert!(!has_factor(&site, "u-vera").await);
}

async fn midnight() {
    let site = site().await;
    let mut ana = enter(&site, "ana").await;
    let form = [
        ("mode", "enforced"),
        ("date", "2026-10-25"),
        ("zone", "America/New_York"),
    ];
    let page = review(&mut ana, &form).await;
    let told =
        "Sunday, 25 October 2026, 00:00 (America/New_York), which is 25 October 2026, 04:00 UTC";
    assert!(page.says(told), "{page:?}");
    let page = ana.press(SAVE, &[]).await.expect("it answers");
    assert!(page.says("Saved."), "{page:?}");
    assert!(page.says(told));
    let Mode::EnforcedFrom(deadline) = stored(&site, "acme").await.policy.mode else {
        panic!("it is enforced");
    };
    assert_eq!(deadline.at, 1_792_900_800);
    assert_eq!(deadline.zone, "America/New_York");
}

async fn past() {
    let site = site().await;
    let mut ana = enter(&site, "ana").await;
    let before = stored(&site, "acme").await;
    let form = [
        ("mode", "enforced"),
        ("date", "2026-09-21"),
        ("zone", "UTC"),
    ];
    let page = review(&mut ana, &form).await;
    assert!(page.says("require MFA at once"), "{page:?}");
    let page = ana.press(SAVE, &[]).await.expect("it answers");
    assert_eq!(page.status(), 422);
    assert!(is_marked(&page, "enforce-now"), "{}", page.text());
    assert_eq!(stored(&site, "acme").await.revision, before.revision);
    let page = ana.press(SAVE, &[("enforce-now", "yes")]).await;
    // It holds at once, for her too.
    let page = page.expect("it answers");
    assert_eq!(
        page.heading(),
        "Two-Factor Authentication Required",
        "{page:?}"
    );
    assert!(stored(&site, "acme").await.revision > before.revision);
}

async fn preview() {
    let site = site().await;
    import(&site, "u-ben").await;
    let mut ana = enter(&site, "ana").await;
    let before = stored(&site, "acme").await.revision;
    let at = "/countersign/admin/acme/mfa/preview";
    let page = open(
        &mut ana,
        &format!("{at}?date=2026-12-01&zone=Europe/London"),
    )
    .await;
    assert!(page.says("Tuesday, 1 December 2026, 00:00 (Europe/London)"));
    // Ana and Vera have not enrolled by then, Ben has.
    assert!(page.says("Must enroll before anything else 2"), "{page:?}");
    assert!(page.says("Asked for a code 1"));
    assert!(page.has_link("/countersign/admin/acme/people/u-vera"));
    assert!(!page.has_link("/countersign/admin/acme/people/u-ben"));
    let today = open(&mut ana, at).await;
    // Vera's other company requires it already.
    assert!(
        today.says("Must enroll before anything else 1"),
        "{today:?}"
    );
    let wrong = open(&mut ana, &format!("{at}?date=2026-02-30&zone=UTC")).await;
    assert_eq!(wrong.status(), 422);
    assert!(is_marked(&wrong, "date"));
    assert_eq!(stored(&site, "acme").await.revision, before);
}

async fn summary() {
    let site = site().await;
    import(&site, "u-ben").await;
    let mut ana = enter(&site, "ana").await;
    let before = stored(&site, "acme").await;
    let form = [
        ("mode", "enforced"),
        ("date", "2026-11-02"),
        ("zone", "Europe/London"),
        ("countries", "gb, ie"),
    ];
    let page = review(&mut ana, &form).await;
    assert!(page.says("3 people of this company may sign in."));
    assert!(page.says("2 of them have not enrolled."), "{page:?}");
    assert!(page.says("Countries of text messages"));
    assert!(page.says("GB, IE"));
    assert_eq!(stored(&site, "acme").await.revision, before.revision);
    let page = ana.press(SAVE, &[]).await.expect("it answers");
    assert!(page.says("Saved."));
    let after = stored(&site, "acme").await.policy;
    assert_eq!(after.sms.countries, ["GB", "IE"]);
    // What has no field stays.
    assert_eq!(
        after.sms.lifetime_minutes,
        before.policy.sms.lifetime_minutes
    );
}

async fn misfit() {
    let site = site().await;
    let mut ana = enter(&site, "ana").await;
    for (form, field) in [
        ([("mode", "enforced"), ("date", "tomorrow")], "date"),
        ([("date", "2027-01-01"), ("zone", "Mars")], "zone"),
        ([("sms", "yes"), ("countries", "")], "countries"),
        ([("sms", "yes"), ("countries", "Spain")], "countries"),
        ([("mode", "voluntary"), ("reauth", "soon")], "reauth"),
    ] {
        open(&mut ana, MFA).await;
        let page = review(&mut ana, &form).await;
        assert_eq!(page.status(), 422, "{page:?}");
        assert!(is_marked(&page, field), "{field}: {}", page.text());
        // What was typed is still there.
        assert!(page.text().contains(&format!("value=\"{}\"", form[1].1)));
    }
    // Bounds are the plugin's, and told at the field too.
    open(&mut ana, MFA).await;
    let page = review(&mut ana, &[("mode", "voluntary"), ("devices", "91")]).await;
    assert_eq!(page.status(), 422);
    assert!(is_marked(&page, "devices"), "{}", page.text());
}

async fn at_once() {
    let site = site().await;
    let mut ana = enter(&site, "ana").await;
    let mut omar = enter(&site, "omar").await;
    review(&mut ana, &[("mode", "off")]).await;
    review(&mut omar, &[("mode", "voluntary"), ("devices", "7")]).await;
    let page = omar.press(SAVE, &[]).await.expect("it answers");
    assert!(page.says("Saved."), "{page:?}");
    let page = ana.press(SAVE, &[]).await.expect("it answers");
    assert_eq!(page.status(), 409);
    assert!(page.says("Somebody else saved these settings meanwhile"));
    assert!(page.says("Take up what you had typed"));
    let policy = stored(&site, "acme").await.policy;
    assert!(matches!(policy.mode, Mode::Voluntary));
    assert_eq!(policy.device_days, 7);
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

async fn fresh() {
    let site = site().await;
    let app = import(&site, "u-ana").await;
    site.clock.advance(60);
    let mut ana = enter_with(&site, "ana", &app).await;
    let page = review(&mut ana, &[("mode", "voluntary")]).await;
    assert_eq!(page.heading(), "Look at this before you save");

    site.clock.advance(20 * 60);
    let before = stored(&site, "acme").await.revision;
    let page = ana.press(SAVE, &[]).await.expect("it answers");
    assert_eq!(page.heading(), "How do you want to verify your identity?");
    assert_eq!(stored(&site, "acme").await.revision, before);
    let code = app.code(now(&site));
    let page = ana.press("/countersign/verify", &[("code", &code)]).await;
    let page = page.expect("it answers");
    // Back to where they were, with what they had typed.
    assert!(page.path().starts_with(MFA), "{page:?}");
    let page = review(&mut ana, &[]).await;
    assert_eq!(page.heading(), "Look at this before you save", "{page:?}");
    let page = ana.press(SAVE, &[]).await.expect("it answers");
    assert!(page.says("Saved."), "{page:?}");
    assert!(matches!(
        stored(&site, "acme").await.policy.mode,
        Mode::Voluntary
    ));

    // A reset and a set-up code ask for it as well.
    site.clock.advance(20 * 60);
    let form = [("name", "ben"), ("reason", "lost"), ("verified", "yes")];
    for (what, form) in [("reset", &form[..]), ("set-up-code", &[("vouched", "yes")])] {
        let path = format!("/countersign/admin/acme/people/u-ben/{what}");
        let page = send(&mut ana, &path, form).await;
        assert_eq!(page.heading(), "How do you want to verify your identity?");
    }
}

async fn code() {
    let site = site().await;
    change(&site, "acme", |stored| {
        stored.policy.first_binding = FirstBinding::Attested;
    })
    .await;
    let mut ana = enter(&site, "ana").await;
    open(&mut ana, "/countersign/admin/acme/people/u-ben").await;
    let path = "/countersign/admin/acme/people/u-ben/set-up-code";
    let page = ana.press(path, &[]).await.expect("it answers");
    assert!(is_marked(&page, "vouched"), "{}", page.text());
    let page = ana.press(path, &[("vouched", "yes")]).await;
    let page = page.expect("it answers");
    let code = page.element("set-up-code").expect("it is shown");
    assert_eq!(code.len(), 11, "{page:?}");
    let again = open(&mut ana, "/countersign/admin/acme/people/u-ben").await;
    assert!(!again.text().contains(&code));
    let trail = open(&mut ana, "/countersign/admin/acme/audit").await;
    assert!(trail.says("A set-up code was made"));
    assert!(!trail.text().contains(&code));
}

async fn unlock() {
    let site = site().await;
    let app = import(&site, "u-ben").await;
    site.clock.advance(60);
    let mut ben = Visitor::at(&site.url());
    open(&mut ben, "/countersign/sign-in").await;
    let typed = [("name", "ben"), ("password", PASSWORD)];
    let mut page = ben.press("/countersign/sign-in", &typed).await;
    for n in 0..5 {
        page.expect("it answers");
        let wrong = app.wrong_code(now(&site), n);
        page = ben.press("/countersign/verify", &[("code", &wrong)]).await;
    }
    let mut ana = enter(&site, "ana").await;
    let at = "/countersign/admin/acme/people/u-ben";
    let page = open(&mut ana, at).await;
    assert!(page.says("Waits until"), "{page:?}");
    let page = ana.press(&format!("{at}/unlock"), &[]).await;
    let page = page.expect("it answers");
    assert!(page.says("The wait is over"), "{page:?}");
    assert!(page.says("Can be used"));
    assert!(has_factor(&site, "u-ben").await);
    // The plugin has it as the business of no company, so that it stands in the realm's trail.
    let mut omar = enter(&site, "omar").await;
    let unlocked = open(
        &mut omar,
        "/countersign/admin/%2A/audit?event=unlocked&user=ben",
    )
    .await;
    assert!(unlocked.says("The wait of the authenticator app was ended"));
}

async fn default() {
    let site = site().await;
    let mut omar = enter(&site, "omar").await;
    let index = open(&mut omar, "/countersign/admin").await;
    assert!(index.says("Acme Builders"));
    assert!(index.says("Globex"));
    let at = "/countersign/admin/%2A/mfa";
    open(&mut omar, at).await;
    let page = omar
        .press(at, &[("mode", "off")])
        .await
        .expect("it answers");
    assert_eq!(page.heading(), "Look at this before you save", "{page:?}");
    let page = omar.press(&format!("{at}/save"), &[]).await;
    assert!(page.expect("it answers").says("Saved."));
    assert!(matches!(stored(&site, "*").await.policy.mode, Mode::Off));
}

async fn audit() {
    let site = site().await;
    let mut ana = enter(&site, "ana").await;
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
