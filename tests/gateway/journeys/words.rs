//! What people are told when something does not go as they thought: the button to go back, pressing twice, wrong codes.

use countersign_tests::gateway::PASSWORD;
use countersign_tests::visitor::Visitor;
use libtest_mimic::Trial;

use super::{Journey, below, expect, expect_said, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "back_button_after_enrolling_shows_where_things_are",
            "gil",
            back,
        ),
        trial(
            "second_submit_of_a_form_changes_nothing_more",
            "gil",
            second_submit,
        ),
        trial(
            "a_form_of_another_session_changes_nothing",
            "ben",
            other_session,
        ),
        trial("wrong_code_says_how_many_tries_are_left", "gil", wrong_code),
        trial("five_wrong_codes_end_the_sign_in", "gil", five_wrong_codes),
        trial(
            "recovery_code_is_shown_until_it_is_said_to_be_saved",
            "gil",
            unsaved,
        ),
        trial(
            "a_page_opened_before_the_deadline_asks_once_it_passed",
            "ben",
            deadline,
        ),
        trial(
            "sign_in_that_took_too_long_begins_anew_and_still_leads_where_it_was_to",
            "gil",
            too_long,
        ),
        trial(
            "whoever_enrolls_early_is_vouched_for_where_the_policy_wants_it",
            "ben",
            vouched,
        ),
        trial("outbox_shows_what_went_to_nobody", "gil", outbox),
        trial(
            "required_enrollment_leaves_nothing_else_to_reach",
            "gil",
            nothing_else,
        ),
    ]
}

async fn back(mut gil: Journey) -> Result<(), String> {
    gil.sign_in().await?;
    let before = gil.open("/enroll/app").await?;
    gil.set_up_app().await?;
    gil.save_code().await?;
    // The old page is sent again.
    let code = gil.code();
    let page = gil
        .browser
        .press_on(&before, &below("/enroll/app"), &[("code", &code)])
        .await?;
    expect(&page, "This page is out of date")?;
    let page = gil.open("/enroll/app").await?;
    expect(&page, "You are signed in")?;
    let page = gil.open("/verify").await?;
    expect(&page, "You are signed in")
}

async fn second_submit(mut gil: Journey) -> Result<(), String> {
    gil.sign_in().await?;
    let form = gil.open("/enroll/app").await?;
    let page = gil.set_up_app().await?;
    let code = page.element("recovery-code");
    let typed = gil.code();
    let page = gil
        .browser
        .press_on(&form, &below("/enroll/app"), &[("code", &typed)])
        .await?;
    expect(&page, "This page is out of date")?;
    assert_eq!(gil.methods().await.len(), 1);
    let page = gil.open("/").await?;
    expect(&page, "Save your recovery code")?;
    assert_eq!(page.element("recovery-code"), code);
    Ok(())
}

async fn other_session(mut ben: Journey) -> Result<(), String> {
    let mut other = Visitor::at(&ben.site.url());
    other.open(&below("/sign-in")).await?;
    let typed = [("name", "omar"), ("password", PASSWORD)];
    other.press(&below("/sign-in"), &typed).await?;
    let others = other.open(&below("/profile/password")).await?;

    ben.enroll().await?;
    let path = below("/profile/password");
    let typed = [
        ("password", PASSWORD),
        ("new-password", "another horse battery"),
        ("new-again", "another horse battery"),
    ];
    let page = ben.browser.press_on(&others, &path, &typed).await?;
    expect(&page, "This page is out of date")?;
    ben.browser.forget();
    let page = ben.sign_in().await?;
    expect(&page, "How do you want to verify your identity?")
}

async fn wrong_code(mut gil: Journey) -> Result<(), String> {
    gil.enroll().await?;
    gil.press("/sign-out", &[]).await?;
    gil.sign_in().await?;
    for (n, left) in ["4 more tries", "3 more tries", "2 more tries", "1 more try"]
        .into_iter()
        .enumerate()
    {
        let code = gil.wrong_code(n);
        let page = gil.press("/verify", &[("code", &code)]).await?;
        expect_said(&page, left)?;
        assert_eq!(page.status(), 422);
        assert!(page.text().contains("aria-invalid=\"true\""));
    }
    let page = gil.press("/verify", &[("code", "12")]).await?;
    expect_said(&page, "Type the 6 digits of the code.")?;
    let page = gil.verify_by_app().await?;
    expect(&page, "You are signed in")
}

async fn five_wrong_codes(mut gil: Journey) -> Result<(), String> {
    gil.enroll().await?;
    gil.press("/sign-out", &[]).await?;
    let mut page = gil.sign_in().await?;
    for n in 0..5 {
        let code = gil.wrong_code(n);
        page = gil.press("/verify", &[("code", &code)]).await?;
    }
    expect(&page, "Sign in")?;
    expect_said(&page, "That step is over")?;
    // What is left of it leads nowhere.
    expect(&gil.open("/verify").await?, "Sign in")?;
    expect(&gil.open("/").await?, "Sign in")
}

async fn vouched(mut ben: Journey) -> Result<(), String> {
    use countersign_host::contract::policy::FirstBinding;
    ben.change_policy("acme", |it| it.first_binding = FirstBinding::Attested)
        .await;
    ben.sign_in().await?;
    let page = ben.press("/notice", &[("answer", "now")]).await?;
    expect(&page, "Confirm that it is you")?;
    let page = ben.press("/vouch/send", &[]).await?;
    expect_said(&page, "on its way to your mailbox")?;
    let mails = ben.site.mails.mails();
    let text = &mails.last().ok_or("there is a mail")?.text;
    let (_, rest) = text.split_once(": ").ok_or("it has a code")?;
    let code = rest.lines().next().unwrap_or_default().to_owned();
    let page = ben.press("/vouch", &[("code", &code)]).await?;
    expect(&page, "Set up two-factor authentication")?;
    ben.open("/enroll/app").await?;
    ben.set_up_app().await?;
    let (_, page) = ben.save_code().await?;
    expect(&page, "You are signed in")
}

async fn too_long(mut gil: Journey) -> Result<(), String> {
    gil.enroll().await?;
    gil.press("/sign-out", &[]).await?;
    gil.open("/sign-in?rd=/countersign/profile/password")
        .await?;
    let typed = [("name", "gil"), ("password", PASSWORD)];
    gil.press("/sign-in", &typed).await?;
    gil.site.clock.advance(1_000);
    let code = gil.code();
    let page = gil.press("/verify", &[("code", &code)]).await?;
    expect_said(&page, "That step is over")?;
    gil.press("/sign-in", &typed).await?;
    let page = gil.verify_by_app().await?;
    expect(&page, "Change password")
}

async fn unsaved(mut gil: Journey) -> Result<(), String> {
    gil.sign_in().await?;
    gil.open("/enroll/app").await?;
    let page = gil.set_up_app().await?;
    let code = page.element("recovery-code").ok_or("there is a code")?;
    let page = gil.press("/recovery-code", &[]).await?;
    expect_said(&page, "Save the code first")?;
    for path in ["/recovery-code", "/", "/profile/security"] {
        let page = gil.open(path).await?;
        assert_eq!(
            page.element("recovery-code").as_ref(),
            Some(&code),
            "{path}"
        );
    }
    let file = gil.open("/recovery-code.txt").await?;
    assert!(file.text().contains(&code));
    gil.open("/recovery-code").await?;
    gil.save_code().await?;
    for path in ["/recovery-code", "/recovery-code.txt"] {
        let page = gil.open(path).await?;
        assert!(!page.text().contains(&code), "{path}");
    }
    Ok(())
}

async fn deadline(mut ben: Journey) -> Result<(), String> {
    ben.sign_in().await?;
    let page = ben.press("/notice", &[("answer", "later")]).await?;
    expect(&page, "You are signed in")?;
    let passed = ben.now() + 22 * 24 * 3_600;
    // Sessions do not last for three weeks: the deadline is moved to where this one is still open.
    ben.change_policy("acme", |it| {
        use countersign_host::contract::policy::Mode;
        if let Mode::EnforcedFrom(deadline) = &mut it.mode {
            assert!(deadline.at < passed);
            deadline.at = passed - 22 * 24 * 3_600 + 200;
        }
    })
    .await;
    expect(&ben.open("/").await?, "You are signed in")?;
    ben.site.clock.advance(201);
    let page = ben.open("/profile/security").await?;
    expect(&page, "Two-Factor Authentication Required")?;
    ben.open("/enroll/app").await?;
    ben.set_up_app().await?;
    let (_, page) = ben.save_code().await?;
    expect(&page, "You are signed in")
}

async fn outbox(mut gil: Journey) -> Result<(), String> {
    let page = gil.open("/outbox").await?;
    expect_said(&page, "This is a demonstration.")?;
    gil.sign_in().await?;
    gil.open("/enroll/phone").await?;
    let page = gil
        .press("/enroll/phone", &[("number", "+34600123456")])
        .await?;
    expect(&page, "Type the code from the text message")?;
    let page = gil.browser.fetch(&below("/outbox")).await?;
    expect_said(&page, "+34600123456")?;
    expect_said(&page, &format!("#{}", gil.texted()))?;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    Ok(())
}

async fn nothing_else(mut gil: Journey) -> Result<(), String> {
    gil.sign_in().await?;
    for path in [
        "/",
        "/profile/security",
        "/profile/password",
        "/profile/security/remove?method=totp",
        "/profile/security/recovery-code",
        "/recovery-code.txt",
    ] {
        let page = gil.open(path).await?;
        expect(&page, "Two-Factor Authentication Required")?;
    }
    Ok(())
}
