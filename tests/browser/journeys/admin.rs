//! A company's admin: settings, who has enrolled, and somebody who lost everything.

use libtest_mimic::Trial;

use crate::person::{Person, Told};
use crate::trial::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "an_admin_sets_a_deadline_after_seeing_whom_it_concerns",
            deadline,
        ),
        trial("somebody_an_admin_resets_enrolls_from_scratch", reset),
    ]
}

async fn deadline(ana: Person) -> Told {
    ana.enroll_early("ana").await?;
    ana.click("Company admin").await?;
    ana.arrive("Company admin").await?;
    ana.screenshot("admin").await?;
    ana.click("Security settings: MFA").await?;
    ana.arrive("Security settings: MFA").await?;
    ana.screenshot("admin-mfa").await?;
    let date = ana.field("Enforcement deadline").await?;
    let script = "arguments[0].value = arguments[1]";
    let arguments = vec![
        serde_json::to_value(&date).map_err(crate::told)?,
        "2026-10-01".into(),
    ];
    ana.script(script, arguments).await?;
    ana.fill("Time zone", "Europe/Nowhere").await?;
    ana.click("Continue: see who is affected").await?;
    ana.find(fantoccini::Locator::Css("[role=alert]"), "what is wrong")
        .await?;
    ana.arrive("Security settings: MFA").await?;
    ana.screenshot("admin-mfa-zone").await?;
    ana.fill("Time zone", "Europe/Madrid").await?;
    ana.click("Continue: see who is affected").await?;
    ana.arrive("Look at this before you save").await?;
    ana.see("1 October 2026").await?;
    ana.screenshot("admin-review").await?;
    ana.click("Save").await?;
    ana.arrive("Security settings: MFA").await?;
    ana.see("Saved. The settings hold from now on.").await?;

    ana.click("Who would be blocked").await?;
    ana.arrive("Who would be blocked").await?;
    ana.screenshot("admin-preview").await?;
    ana.click("People").await?;
    ana.arrive("Who has enrolled").await?;
    ana.see("ben").await?;
    ana.screenshot("admin-people").await?;
    ana.click("Audit trail").await?;
    ana.arrive("Audit trail").await?;
    ana.screenshot("admin-audit").await?;
    ana.sign_out().await?;
    ana.sign_in("ben").await?;
    ana.arrive("Two-factor authentication will be required")
        .await?;
    ana.see("1 October 2026").await
}

async fn reset(person: Person) -> Told {
    person.enroll_early("ben").await?;
    person.sign_out().await?;
    person.enroll_early("ana").await?;
    person.click("Company admin").await?;
    person.arrive("Company admin").await?;
    person.click("Who has enrolled").await?;
    person.arrive("Who has enrolled").await?;
    person.click("ben").await?;
    person.arrive("ben").await?;
    person.screenshot("admin-person").await?;
    person.fill("Sign-in name of this person", "ben").await?;
    person
        .fill("Reason", "Lost phone and code; called back")
        .await?;
    person.click("Reset").await?;
    // Not without having made sure that it is them who ask.
    person
        .find(fantoccini::Locator::Css("[role=alert]"), "what is missing")
        .await?;
    person.arrive("ben").await?;
    person.screenshot("admin-person-unverified").await?;
    person.fill("Sign-in name of this person", "ben").await?;
    person.tick("I have verified the user's request").await?;
    person.click("Reset").await?;
    person.see("Reset. All their sessions ended.").await?;
    person.arrive("ben").await?;
    person.sign_out().await?;
    person.sign_in("ben").await?;
    // Who had a factor once must have one again, before the deadline too.
    person.arrive("Two-Factor Authentication Required").await?;
    person.click("Set up now").await?;
    person.scan_and_confirm().await?;
    person.save_recovery_code().await?;
    person.arrive("You are signed in").await
}
