//! Changing one's own factors and password.

use countersign_host::contract::policy::Mode;
use countersign_host::contract::{Actor, Membership, Method};
use countersign_tests::gateway::PASSWORD;
use countersign_tests::visitor::Visitor;
use libtest_mimic::Trial;

use super::{Journey, below, expect, expect_said, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "whoever_verified_too_long_ago_is_asked_again",
            "ben",
            too_late,
        ),
        trial(
            "five_wrong_codes_end_the_change_and_not_the_session",
            "ben",
            wrong_codes_in_a_change,
        ),
        trial(
            "text_message_is_not_enough_to_change_the_app",
            "ben",
            text_is_not_enough,
        ),
        trial(
            "removal_of_the_last_factor_under_enforcement_is_refused_in_words",
            "gil",
            last_factor,
        ),
        trial(
            "last_factor_that_is_removed_takes_the_recovery_code_along",
            "omar",
            last_factor_of_a_volunteer,
        ),
        trial("where_it_is_off_nothing_can_be_set_up", "omar", off),
        trial(
            "new_recovery_code_is_made_once_however_often_it_is_asked_for",
            "ben",
            new_code,
        ),
        trial(
            "changed_password_ends_other_sessions_and_signs_in",
            "ben",
            password,
        ),
        trial(
            "whoever_says_that_it_was_not_them_signs_out_everywhere",
            "ben",
            not_me,
        ),
        trial("reset_ends_the_session_at_the_next_request", "ben", reset),
    ]
}

async fn too_late(mut ben: Journey) -> Result<(), String> {
    ben.enroll().await?;
    ben.site.clock.advance(400);
    let page = ben.ask_for("remove-app").await?;
    expect(&page, "Remove your authenticator app?")?;
    ben.site.clock.advance(301);
    let page = ben.press("/profile/security/remove", &[]).await?;
    expect(&page, "Confirm your password")?;
    expect_said(&page, "until five minutes after you verified")?;
    assert_eq!(ben.methods().await, [Method::Totp]);
    ben.press("/profile/security/password", &[("password", PASSWORD)])
        .await?;
    let page = ben.verify_by_app().await?;
    expect(&page, "Remove your authenticator app?")
}

async fn wrong_codes_in_a_change(mut ben: Journey) -> Result<(), String> {
    ben.enroll().await?;
    ben.site.clock.advance(400);
    ben.open("/profile/security").await?;
    ben.press("/profile/security/change", &[("wish", "app")])
        .await?;
    let page = ben
        .press("/profile/security/password", &[("password", "not it")])
        .await?;
    expect_said(&page, "This is not your password.")?;
    let mut page = ben
        .press("/profile/security/password", &[("password", PASSWORD)])
        .await?;
    for n in 0..5 {
        let code = ben.wrong_code(n);
        page = ben.press("/verify", &[("code", &code)]).await?;
    }
    expect(&page, "Password & security")?;
    expect_said(&page, "That step is over")?;
    let page = ben.open("/").await?;
    expect(&page, "You are signed in")
}

async fn text_is_not_enough(mut ben: Journey) -> Result<(), String> {
    ben.change_policy("acme", |it| it.sms.may_manage_app = false)
        .await;
    ben.enroll().await?;
    ben.site.clock.advance(400);
    ben.ask_for("phone").await?;
    ben.set_up_phone("+34600123456").await?;
    for wish in ["app", "remove-app", "new-code", "phone"] {
        ben.site.clock.advance(3_700);
        if ben.open("/profile/security").await?.heading() != "Password & security" {
            // The session was idle for too long.
            ben.sign_in().await?;
            ben.verify_by_app().await?;
            ben.open("/profile/security").await?;
        }
        ben.press("/profile/security/change", &[("wish", wish)])
            .await?;
        ben.press("/profile/security/password", &[("password", PASSWORD)])
            .await?;
        let mut page = ben.verify_by_text().await?;
        for (action, fields) in [
            ("/profile/security/remove", &[][..]),
            ("/profile/security/recovery-code", &[]),
            ("/enroll/phone", &[("number", "+34600999999")]),
        ] {
            if page.has_form(&below(action)) {
                page = ben.press(action, fields).await?;
            }
        }
        expect(&page, "Confirm your password").map_err(|it| format!("{wish}: {it}"))?;
        expect_said(&page, "Verify with your authenticator app to do this")?;
    }
    // By the app they get to what they wanted.
    ben.press("/profile/security/password", &[("password", PASSWORD)])
        .await?;
    let page = ben.verify_by_app().await?;
    expect(&page, "Set up text messages")
}

async fn last_factor(mut gil: Journey) -> Result<(), String> {
    gil.enroll().await?;
    gil.site.clock.advance(400);
    gil.ask_for("remove-app").await?;
    let page = gil.press("/profile/security/remove", &[]).await?;
    expect(&page, "Remove your authenticator app?")?;
    let alert = page.alert().unwrap_or_default();
    assert_eq!(
        alert,
        "Your company requires two-factor authentication, so you cannot remove your last method."
    );
    assert_eq!(gil.methods().await, [Method::Totp]);
    Ok(())
}

async fn last_factor_of_a_volunteer(mut omar: Journey) -> Result<(), String> {
    omar.sign_in().await?;
    omar.open("/profile/security").await?;
    omar.press("/profile/security/change", &[("wish", "app")])
        .await?;
    let page = omar
        .press("/profile/security/password", &[("password", PASSWORD)])
        .await?;
    expect(&page, "Set up your authenticator app")?;
    omar.set_up_app().await?;
    let (_, page) = omar.save_code().await?;
    expect(&page, "Password & security")?;
    let page = omar
        .press("/profile/security/change", &[("wish", "remove-app")])
        .await?;
    expect_said(&page, "your recovery code is removed with it")?;
    let page = omar.press("/profile/security/remove", &[]).await?;
    expect_said(&page, "It was removed.")?;
    expect_said(&page, "Add authenticator app")?;
    assert!(!page.says("Recovery code"));
    let page = omar.open("/").await?;
    expect(&page, "You are signed in")
}

async fn off(mut omar: Journey) -> Result<(), String> {
    omar.change_policy("*", |it| it.mode = Mode::Off).await;
    omar.sign_in().await?;
    let page = omar.open("/profile/security").await?;
    expect_said(&page, "there is nothing to set up")?;
    assert!(!page.says("Add"));
    // The page of a time before it was switched off has the button still.
    omar.change_policy("*", |it| it.mode = Mode::Voluntary)
        .await;
    omar.open("/profile/security").await?;
    omar.change_policy("*", |it| it.mode = Mode::Off).await;
    omar.press("/profile/security/change", &[("wish", "app")])
        .await?;
    let page = omar
        .press("/profile/security/password", &[("password", PASSWORD)])
        .await?;
    expect_said(&page, "has not turned two-factor authentication on")
}

async fn new_code(mut ben: Journey) -> Result<(), String> {
    let first = ben.enroll().await?;
    let page = ben.open("/profile/security").await?;
    expect_said(&page, "You can make changes until")?;
    let asked = ben
        .press("/profile/security/change", &[("wish", "new-code")])
        .await?;
    expect(&asked, "Get a new recovery code?")?;
    let path = below("/profile/security/recovery-code");
    let once = ben.browser.press_on(&asked, &path, &[]).await?;
    let twice = ben.browser.press_on(&asked, &path, &[]).await?;
    assert_eq!(
        once.element("recovery-code"),
        twice.element("recovery-code")
    );
    assert_ne!(once.element("recovery-code"), Some(first));
    let (_, page) = ben.save_code().await?;
    expect(&page, "Password & security")
}

async fn password(mut ben: Journey) -> Result<(), String> {
    ben.enroll().await?;
    let mut elsewhere = Visitor::at(&ben.site.url());
    std::mem::swap(&mut ben.browser, &mut elsewhere);
    ben.sign_in().await?;
    ben.verify_by_app().await?;
    std::mem::swap(&mut ben.browser, &mut elsewhere);

    let new = "another horse battery";
    ben.open("/profile/password").await?;
    let form = "/profile/password";
    let typed = |old, new, again| {
        [
            ("password", old),
            ("new-password", new),
            ("new-again", again),
        ]
    };
    let page = ben.press(form, &typed(PASSWORD, new, "other")).await?;
    expect_said(&page, "The two new passwords are not the same.")?;
    let page = ben.press(form, &typed("not it", new, new)).await?;
    expect_said(&page, "This is not your password.")?;
    let page = ben.press(form, &typed(PASSWORD, new, new)).await?;
    expect_said(&page, "Your password was changed.")?;

    expect(&elsewhere.open(&below("/")).await?, "Sign in")?;
    ben.press("/sign-out", &[]).await?;
    let page = ben.sign_in().await?;
    expect_said(&page, "The user name or the password is wrong.")?;
    let page = ben
        .press("/sign-in", &[("name", "ben"), ("password", new)])
        .await?;
    expect(&page, "How do you want to verify your identity?")
}

async fn not_me(mut ben: Journey) -> Result<(), String> {
    let page = ben.open("/not-me").await?;
    expect(&page, "That wasn't me")?;
    assert!(!page.has_form(&below("/not-me/sign-out")));
    ben.enroll().await?;
    let mut elsewhere = Visitor::at(&ben.site.url());
    std::mem::swap(&mut ben.browser, &mut elsewhere);
    ben.sign_in().await?;
    ben.verify_by_app().await?;
    ben.open("/not-me").await?;
    let page = ben.press("/not-me/sign-out", &[]).await?;
    expect(&page, "Sign in")?;
    expect_said(&page, "You are signed out everywhere")?;
    expect(&elsewhere.open(&below("/")).await?, "Sign in")
}

async fn reset(mut ben: Journey) -> Result<(), String> {
    ben.enroll().await?;
    let actor = Actor::Operator("test".to_owned());
    let of_acme = [Membership {
        company: "acme".to_owned(),
        roles: Vec::new(),
        active: true,
    }];
    let mfa = ben.site.gateway.mfa.clone();
    mfa.administration()
        .reset(&ben.user(), &of_acme, None, &actor, true, "lost phone")
        .await
        .expect("it is done");
    let page = ben.open("/profile/security").await?;
    expect(&page, "Sign in")?;
    expect_said(&page, "Your session was ended")
}
