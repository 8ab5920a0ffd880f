//! What a company asks of its people, as its admins set it.

use super::*;

pub(super) fn trials() -> Vec<Trial> {
    vec![
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
        trial("saving_asks_for_a_fresh_factor", fresh),
        trial("operator_sets_the_default_for_everybody_else", default),
    ]
}

async fn midnight() {
    let site = site().await;
    let mut ana = lead(&site, "ana").await;
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
    let mut ana = lead(&site, "ana").await;
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
    // It holds at once; she has a factor, and goes on.
    let page = page.expect("it answers");
    assert!(page.says("Saved."), "{page:?}");
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
    let mut ana = lead(&site, "ana").await;
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
    let mut ana = lead(&site, "ana").await;
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
    let mut ana = lead(&site, "ana").await;
    let mut omar = lead(&site, "omar").await;
    review(&mut ana, &[("mode", "off")]).await;
    review(&mut omar, &[("mode", "voluntary"), ("devices", "7")]).await;
    let page = omar.press(SAVE, &[]).await.expect("it answers");
    assert!(page.says("Saved."), "{page:?}");
    let page = ana.press(SAVE, &[]).await.expect("it answers");
    assert_eq!(page.status(), 409);
    assert!(page.says("Somebody else saved these settings meanwhile"));
    assert!(page.says("Restore what you typed"));
    let policy = stored(&site, "acme").await.policy;
    assert!(matches!(policy.mode, Mode::Voluntary));
    assert_eq!(policy.device_days, 7);
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

async fn default() {
    let site = site().await;
    let mut omar = lead(&site, "omar").await;
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
