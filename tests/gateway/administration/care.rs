//! What admins do for one person.

use super::*;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("a_user_cannot_reset_anybody", no_admin),
        trial("an_admin_cannot_reset_herself", herself),
        trial("reset_needs_the_exact_name_and_the_tick", exact),
        trial("reset_ends_every_session_of_the_user", sessions),
        trial(
            "reset_of_somebody_whom_another_company_has_too_is_left_to_operators",
            shared,
        ),
        trial("set_up_code_is_shown_once_and_noted", code),
        trial("unlocking_ends_the_wait_of_a_factor", unlock),
        trial("an_admin_cannot_reset_those_who_are_more_elsewhere", above),
        trial("whoever_has_no_factor_decides_about_nobody", no_factor),
        trial("a_set_up_code_is_told_to_whom_it_is_for", told),
        trial("a_password_is_changed_with_a_fresh_factor", password),
    ]
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
    let mut ana = lead(&site, "ana").await;
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
    let mut omar = lead(&site, "omar").await;
    let form = [("name", "omar"), ("reason", "lost"), ("verified", "yes")];
    let path = "/countersign/admin/%2A/people/u-omar/reset";
    assert_eq!(send(&mut omar, path, &form).await.status(), 403);
}

async fn exact() {
    let site = site().await;
    import(&site, "u-ben").await;
    let mut ana = lead(&site, "ana").await;
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
    let mut ana = lead(&site, "ana").await;
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
    let mut ana = lead(&site, "ana").await;
    let page = send(&mut ana, path, &form).await;
    assert_eq!(page.status(), 403);
    assert!(page.says("Ask an operator"), "{page:?}");
    assert!(has_factor(&site, "u-vera").await);
    let code = "/countersign/admin/acme/people/u-vera/set-up-code";
    let page = send(&mut ana, code, &[("vouched", "yes")]).await;
    assert_eq!(page.status(), 403, "{page:?}");

    let mut omar = lead(&site, "omar").await;
    let page = send(&mut omar, path, &form).await;
    assert!(page.says("All their sessions ended"), "{page:?}");
    assert!(!has_factor(&site, "u-vera").await);
}

async fn code() {
    let site = site().await;
    change(&site, "acme", |stored| {
        stored.policy.first_binding = FirstBinding::Attested;
    })
    .await;
    let mut ana = lead(&site, "ana").await;
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
    let mut ana = lead(&site, "ana").await;
    let mut ben = Visitor::at(&site.url());
    open(&mut ben, "/countersign/sign-in").await;
    let typed = [("name", "ben"), ("password", PASSWORD)];
    let mut page = ben.press("/countersign/sign-in", &typed).await;
    for n in 0..5 {
        page.expect("it answers");
        let wrong = app.wrong_code(now(&site), n);
        page = ben.press("/countersign/verify", &[("code", &wrong)]).await;
    }
    let at = "/countersign/admin/acme/people/u-ben";
    let page = open(&mut ana, at).await;
    assert!(page.says("Waits until"), "{page:?}");
    let page = ana.press(&format!("{at}/unlock"), &[]).await;
    let page = page.expect("it answers");
    assert!(page.says("The wait is over"), "{page:?}");
    assert!(page.says("Can be used"));
    assert!(has_factor(&site, "u-ben").await);
    // The plugin has it as the business of no company, so that it stands in the realm's trail.
    let mut omar = lead(&site, "omar").await;
    let unlocked = open(
        &mut omar,
        "/countersign/admin/%2A/audit?event=unlocked&user=ben",
    )
    .await;
    assert!(unlocked.says("The wait of the authenticator app was ended"));
}

async fn above() {
    let site = site().await;
    let directory = &site.gateway.directory;
    for (user, member) in [("u-vera", "globex"), ("u-omar", "acme")] {
        let mut of = directory
            .user(user)
            .await
            .expect("it answers")
            .expect("known")
            .memberships;
        of.retain(|it| it.company != member);
        let is_admin = user == "u-vera";
        of.push(Member {
            company: member.to_owned(),
            is_admin,
            roles: Vec::new(),
            is_active: true,
        });
        directory
            .set_memberships(user, of)
            .await
            .expect("it is set");
    }
    let mut ana = lead(&site, "ana").await;
    for name in ["vera", "omar"] {
        let path = format!("/countersign/admin/acme/people/u-{name}/reset");
        let form = [("name", name), ("reason", "lost"), ("verified", "yes")];
        let page = send(&mut ana, &path, &form).await;
        assert!(page.says("Ask an operator"), "{page:?}");
    }
}

async fn no_factor() {
    let site = site().await;
    import(&site, "u-ben").await;
    // Where MFA is off for them, the plugin asks them for nothing.
    change(&site, "*", |it| it.policy.mode = Mode::Off).await;
    for name in ["ana", "omar"] {
        let mut admin = enter(&site, name).await;
        let form = [("name", "ben"), ("reason", "lost"), ("verified", "yes")];
        send(
            &mut admin,
            "/countersign/admin/acme/people/u-ben/reset",
            &form,
        )
        .await;
        assert!(has_factor(&site, "u-ben").await, "{name}");
        let before = stored(&site, "acme").await.revision;
        let form = [("mode", "off"), ("revision", "1")];
        send(&mut admin, SAVE, &form).await;
        assert_eq!(stored(&site, "acme").await.revision, before, "{name}");
    }
}

async fn told() {
    let site = site().await;
    let mut ana = lead(&site, "ana").await;
    let path = "/countersign/admin/acme/people/u-ben/set-up-code";
    let page = send(&mut ana, path, &[("vouched", "yes")]).await;
    let code = page.element("set-up-code").expect("it is shown");
    let trail = site.gateway.store.events("default", 0, 1_000).await;
    let trail = trail.expect("it answers");
    let made = trail.iter().find(|it| it.event.name() == "other");
    let made = made.expect("it is noted");
    assert!(made.event.event.notify);
    assert_eq!(made.event.user.as_deref(), Some("u-ben"));
    assert!(!made.event.to_json().to_string().contains(&code));
}

async fn password() {
    let site = site().await;
    let mut ana = lead(&site, "ana").await;
    site.clock.advance(20 * 60);
    let path = "/countersign/profile/password";
    open(&mut ana, path).await;
    let new = "another horse battery";
    let form = [
        ("password", PASSWORD),
        ("new-password", new),
        ("new-again", new),
    ];
    let page = ana.press(path, &form).await.expect("it answers");
    assert_eq!(page.heading(), "How do you want to verify your identity?");
    let kept = site
        .gateway
        .directory
        .user("u-ana")
        .await
        .expect("it answers");
    let kept = kept.and_then(|it| it.password);
    let still = site.gateway.passwords.check(PASSWORD, kept.as_ref()).await;
    assert!(still.expect("it answers"));
}
