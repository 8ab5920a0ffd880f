//! `countersign demo`.

use std::fs;
use std::process::{Command, Stdio};

use crate::{Ran, countersign, file, run, scratch};

/// Every chapter, and lines of it that only the right answers print.
const STORY: &[&str] = &[
    "1. Acme turns MFA on",
    "→ revision 1",
    "audit: policy-changed · deadline-set, tell every user",
    "2. Ana is told, and let in",
    "14 days left",
    "3. Ana enrolls early",
    "otpauth://totp/Acme:ana%40acme.example?secret=",
    "audit: enrollment-confirmed (totp, first), tell the user",
    "recovery code",
    "4. Ana signs in with a code",
    "→ accepted: proof factor, purpose sign-in, amr [otp mfa], epoch 1",
    "→ rejected: wrong; 4 tries left",
    "audit: challenge-failed (totp, replayed)",
    "→ rejected: wrong; 3 tries left",
    "5. The deadline passes",
    "1 day left",
    "→ enroll: required, with no way round it",
    "→ err: ticket(wrong-stage)",
    "6. Ana cannot find her phone",
    "audit: recovery-presented, tell the user",
    "→ err: ticket(wrong-stage)",
    "→ err: ticket(spent)",
    "7. Ana loses her phone for good",
    "proof recovery, purpose sign-in, amr [], epoch 2",
    "8. Nothing old works",
    "→ rejected: wrong; 4 tries left",
    "→ rejected: wrong; 3 tries left",
    "→ accepted: proof factor, purpose sign-in, amr [otp mfa], epoch 2",
    "9. Cleo gets text messages",
    "policy.put acme → revision 2",
    "→ sent to •••42 and good until 09:10:00; 2 more can be sent",
    "Never share it.",
    "enrollment.confirm cleo → accepted",
    "verification.send-code cleo → sent to •••42 and good until 13:10:00",
    "good for 10 min.",
    "verification.send-code cleo → sent to •••42 and good until 13:10:00",
    "good for 9 min.",
    "verification.verify cleo → rejected: wrong",
    "proof factor, purpose sign-in, amr [sms mfa], epoch 1; a device token",
    "→ allow: a trusted device",
    "10. Ben has an app and a phone",
    "enrollment.prefer ben → shown first from now on",
    "→ challenge: a code of the text message to •••77 or authenticator app",
    "enrollment.remove ben → err: not-permitted(method-not-allowed)",
    "enrollment.begin-totp ben → err: not-permitted(method-not-allowed)",
    "recovery.issue ben → err: not-permitted(method-not-allowed)",
    "11. Two companies have a say",
    "member of globex (inactive: acme)",
    "MFA must be used from Monday 16 November 2026",
    "member of acme and globex",
    "→ enroll: required, with no way round it; authenticator app;",
    "finn by single sign-on → enroll: required",
    "finn by single sign-on → allow: trusted single sign-on",
    "→ accepted, then enroll: required, with no way round it; authenticator app;",
    "12. Gus moves the deadline",
    "administration.preview cleo → challenge",
    "administration.preview finn by single sign-on → allow(exempt)",
    "administration.preview gina → challenge",
    "administration.preview hal → enroll(required)",
    "audit: policy-changed · deadline-set, tell every user",
    "administration.status gina → authenticator app since",
    "gus by gus for globex → err: not-permitted(oneself)",
    "gina by gus for globex → err: not-permitted(not-verified)",
    "cleo by gus for globex → err: not-permitted(other-company)",
    "reset (lost phone), tell the user",
    "→ enroll: required, with no way round it",
    "13. What Dana can see",
    "text message to •••0177",
    "each answered as it was told",
];

#[track_caller]
fn assert_told(out: &str) {
    // Lines are broken where they are full.
    let text: Vec<&str> = out.split_whitespace().collect();
    let text = text.join(" ");
    let mut rest = text.as_str();
    for words in STORY {
        let Some((_, after)) = rest.split_once(words) else {
            panic!("{words:?} does not come, or not there:\n{out}");
        };
        rest = after;
    }
}

#[test]
fn the_demo_tells_the_whole_story() {
    let ran = run(&["demo"]).ended(0);
    assert_told(&ran.out);
    assert_eq!(ran.err, "");
}

#[test]
fn the_demo_has_no_colours_where_it_is_no_terminal() {
    let out = run(&["demo"]).ended(0).out;
    assert!(!out.contains('\u{1b}'));
}

#[test]
fn the_demo_fits_a_hundred_columns_except_for_the_address() {
    let out = run(&["demo"]).ended(0).out;
    for line in out.lines().filter(|line| !line.starts_with("otpauth:")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn the_demo_has_colours_where_they_are_asked_for() {
    let output = countersign(&["demo"]).env("CLICOLOR_FORCE", "1").output();
    let ran = Ran::of(output.expect("it starts")).ended(0);
    assert!(ran.out.contains("\u{1b}[1m"));
}

#[test]
fn without_oathtool_another_authenticator_makes_the_codes() {
    let nowhere = scratch("no-programs");
    fs::create_dir_all(&nowhere).expect("it can be made");
    let output = countersign(&["demo"]).env("PATH", &nowhere).output();
    let ran = Ran::of(output.expect("it starts")).ended(0);
    assert!(ran.out.contains("made by the crate totp-rs"), "{}", ran.out);
    assert_told(&ran.out);
}

#[cfg(unix)]
#[test]
fn the_demo_stops_where_it_comes_out_otherwise_than_it_told() {
    use std::os::unix::fs::PermissionsExt;

    // An oathtool that passes the examination, and then makes codes that are wrong.
    let programs = scratch("lying-programs");
    fs::create_dir_all(&programs).expect("it can be made");
    let script = "#!/bin/sh\ncase \"$*\" in *@1111111109*) echo 081804 ;; *) echo 000000 ;; esac\n";
    let liar = file("lying-programs/oathtool", script.as_bytes());
    fs::set_permissions(&liar, fs::Permissions::from_mode(0o755)).expect("it can be run");
    let output = countersign(&["demo"]).env("PATH", &programs).output();
    let ran = Ran::of(output.expect("it starts")).ended(1);
    let expected = "It told: the app of ana is confirmed";
    assert!(ran.err.contains(expected), "{}", ran.err);
    assert!(
        ran.out.trim_end().ends_with("audit: enrollment-failed"),
        "{}",
        ran.out
    );
}

#[test]
fn the_qr_code_is_the_address() {
    if Command::new("zbarimg")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        let required = std::env::var("COUNTERSIGN_REQUIRE").unwrap_or_default();
        assert!(!required.contains("zbarimg"), "zbarimg is required");
        eprintln!("not checked: zbarimg is not installed");
        return;
    }
    let out = run(&["demo"]).ended(0).out;
    let address = out
        .lines()
        .find(|line| line.starts_with("otpauth:"))
        .expect("there is an address");
    let picture = file("qr.pgm", picture(&out).as_bytes());
    let read = Command::new("zbarimg")
        .args(["--quiet", "--raw", &picture])
        .output()
        .expect("it starts");
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), address);
}

/// Draws the half blocks of the demo as a grey map, eight pixels a module.
fn picture(out: &str) -> String {
    let lines: Vec<&str> = out
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('█'))
        .collect();
    let mut rows = Vec::new();
    for line in &lines {
        let half = |light: [char; 2]| -> String {
            let grey = |it: char| if light.contains(&it) { "255 " } else { "0 " };
            line.chars().map(|it| grey(it).repeat(8)).collect()
        };
        rows.extend(std::iter::repeat_n(half(['█', '▀']), 8));
        rows.extend(std::iter::repeat_n(half(['█', '▄']), 8));
    }
    let width = lines.first().expect("there is a code").chars().count() * 8;
    format!("P2 {width} {} 255\n{}\n", rows.len(), rows.join("\n"))
}
