//! I-6: a record of any released version decodes. The texts below are what version 1 wrote; they may never change.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::method::Methods;
use crate::policy::{EffectiveMode, Mode};
use crate::ticket::{Purpose, Stage};
use crate::totp::{Algorithm, Digits};

const ACCOUNT: &str = r#"{"app":{"algorithm":"SHA256","attempts":{"disabled":true,"rest-until":1767571290,"since":1767571200,"streak":5,"unredeemed":7},"confirmed-at":1767571200,"digits":8,"id":"0011223344556677","key":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","mark":58919040,"period":60,"used-at":1767571260},"epoch":3,"ever-enrolled":true,"first-factor-suspect":true,"format":1,"min-reader":1,"phone":{"confirmed-at":1767571205,"id":"8899aabbccddeeff","number":"+12025550142"},"preferred":"sms","recovery":{"acknowledged":true,"id":"a1b2c3d4e5f60718","issued-at":1767571200,"key-id":9,"tag":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"},"user-wide":{"rest-until":1767573000,"tries":4}}"#;

const TICKETS: &str = r#"{"ended":[{"expired":true,"id":"ZZZZZZZZZZZZ","until":1767574800},{"id":"YYYYYYYYYYYY","until":1767574801}],"format":1,"live":[{"begun-at":1767571200,"binding":"invoice 7","expires-at":1767572100,"failures":{"app":1,"phone":2,"recovery":1},"first-factor-fresh":true,"first-factor-phone":"+12025550142","id":"ABCDEFGHIJKL","key-id":9,"policy":0,"purpose":"step-up","stage":"challenged","tag":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"},{"begun-at":1767571201,"expires-at":1767573001,"id":"MNOPQRSTUVWX","key-id":9,"pending-app":{"failures":2,"key":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"},"policy":1,"purpose":"sign-in","required":true,"stage":"enrolling","tag":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}],"min-reader":1,"policies":[{"attested":true,"companies":["acme","bolt"],"deadline":1768780800,"device-days":30,"methods":["totp","sms"],"mode":"enforced-from","reauth":43200,"sms":{"beyond-ten-minutes":true,"countries":["US","CA"],"daily-budget":1000,"enrolling-percent":30,"lifetime-minutes":10,"may-manage-app":true,"per-day":10,"per-hour":5,"resend-fresh":true},"user-wide-ten":true,"window":"current-and-previous","zone":"America/Los_Angeles"},{"companies":[],"device-days":0,"methods":["totp"],"mode":"voluntary","reauth":43200,"sms":{"countries":[],"daily-budget":1,"enrolling-percent":0,"lifetime-minutes":1,"per-day":1,"per-hour":1},"window":"plus-minus-one"}]}"#;

const POLICY: &str = r#"{"attested":true,"deadline":1768780800,"device-days":30,"format":1,"methods":["totp","sms"],"min-reader":1,"mode":"enforced-from","reauth":43200,"reminder-days":[30,14,7,1],"reset-any-company":true,"revision":12,"role-methods":[{"methods":["totp"],"role":"payor"}],"sms":{"countries":["US"],"daily-budget":1000,"enrolling-percent":30,"lifetime-minutes":10,"per-day":10,"per-hour":5},"trusted-providers":["okta"],"user-wide-ten":true,"window":"plus-minus-one","zone":"America/Los_Angeles"}"#;

/// What came with text messages and trusted devices.
const ACCOUNT_WITH_DEVICES: &str = r#"{"devices":[{"expires-at":1770163200,"id":"ABCDEFGHIJKL","key-id":9,"method":"totp","tag":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","trusted-at":1767571200}],"epoch":3,"format":1,"min-reader":1}"#;

const TICKETS_WITH_MESSAGES: &str = r#"{"ended":[],"format":1,"live":[{"begun-at":1767571200,"expires-at":1767572101,"id":"ABCDEFGHIJKL","key-id":9,"policy":0,"purpose":"sign-in","sends":2,"sent":{"code":"042042","good-until":1767572100,"sent-at":1767571500},"stage":"challenged","tag":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"},{"begun-at":1767571201,"expires-at":1767573001,"id":"MNOPQRSTUVWX","key-id":9,"pending-phone":{"code":"000001","failures":1,"good-until":1767571801,"number":"+12025550142","sent-at":1767571201},"policy":0,"purpose":"sign-in","sends":1,"stage":"enrolling","tag":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}],"min-reader":1,"policies":[{"companies":[],"device-days":0,"methods":["totp"],"mode":"voluntary","reauth":43200,"sms":{"countries":[],"daily-budget":1,"enrolling-percent":0,"lifetime-minutes":1,"per-day":1,"per-hour":1},"window":"plus-minus-one"}],"refusals":3,"refused-since":1767571400,"texted-at":1767571500}"#;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_account_of_version_1_decodes_to_what_it_said() {
    let account = decode_account(ACCOUNT.as_bytes()).unwrap();
    let app = account.app.as_ref().unwrap();
    assert_eq!(app.key.secret().bytes(), b"12345678901234567890");
    assert_eq!(app.key.algorithm(), Algorithm::Sha256);
    assert_eq!(app.key.digits(), Digits::Eight);
    assert_eq!(app.mark.number(), 58_919_040);
    assert_eq!((app.attempts.streak, app.attempts.unredeemed), (5, 7));
    assert!(app.attempts.disabled);
    assert_eq!(
        account.phone.as_ref().unwrap().number.as_str(),
        "+12025550142"
    );
    assert_eq!(account.preferred, Some(Method::Sms));
    assert_eq!(account.recovery.as_ref().unwrap().tag.key_id, 9);
    assert_eq!(account.user_wide.tries, 4);
    assert!(account.ever_enrolled && account.first_factor_suspect && !account.erased);
    assert_eq!(text(&encode_account(&account)), ACCOUNT);
}

#[test]
fn the_tickets_of_version_1_decode_to_what_they_said() {
    let tickets = decode_tickets(TICKETS.as_bytes()).unwrap();
    let [challenged, enrolling] = tickets.live.as_slice() else {
        panic!("two tickets");
    };
    assert_eq!(challenged.purpose, Purpose::StepUp("invoice 7".into()));
    assert_eq!(challenged.stage, Stage::Challenged);
    assert_eq!(challenged.failures.total(), 4);
    assert_eq!(challenged.policy.methods, Methods::ALL);
    assert!(matches!(
        challenged.policy.mode,
        EffectiveMode::EnforcedFrom(_)
    ));
    assert_eq!(enrolling.stage, Stage::Enrolling { required: true });
    assert_eq!(enrolling.pending_app.as_ref().unwrap().failures, 2);
    assert!(tickets.ended[0].expired && !tickets.ended[1].expired);
    assert_eq!(text(&encode_tickets(&tickets)), TICKETS);
}

#[test]
fn devices_and_messages_of_version_1_decode_to_what_they_said() {
    let account = decode_account(ACCOUNT_WITH_DEVICES.as_bytes()).unwrap();
    assert_eq!(account.devices[0].id, "ABCDEFGHIJKL");
    assert_eq!(account.devices[0].expires_at.as_seconds(), 1_770_163_200);
    assert_eq!(text(&encode_account(&account)), ACCOUNT_WITH_DEVICES);
    let tickets = decode_tickets(TICKETS_WITH_MESSAGES.as_bytes()).unwrap();
    let [challenged, enrolling] = tickets.live.as_slice() else {
        panic!("two tickets");
    };
    let sent = challenged.sent.as_ref().unwrap();
    assert_eq!((challenged.sends, sent.code.expose()), (2, "042042"));
    let pending = enrolling.pending_phone.as_ref().unwrap();
    assert_eq!(
        (pending.failures, pending.sent.code.expose()),
        (1, "000001")
    );
    assert_eq!(tickets.texted_at.unwrap().as_seconds(), 1_767_571_500);
    assert_eq!(tickets.refusals, 3);
    assert_eq!(text(&encode_tickets(&tickets)), TICKETS_WITH_MESSAGES);
}

#[test]
fn the_policy_of_version_1_decodes_to_what_it_said() {
    let stored = decode_policy(POLICY.as_bytes()).unwrap();
    assert_eq!(stored.revision, 12);
    assert!(matches!(stored.policy.mode, Mode::EnforcedFrom(_)));
    assert_eq!(
        stored.policy.role_methods,
        [("payor".to_string(), Methods::TOTP)]
    );
    assert_eq!(stored.policy.reminder_days, [30, 14, 7, 1]);
    assert_eq!(text(&encode_policy(&stored)), POLICY);
}

#[test]
fn fields_of_a_newer_version_are_written_back_as_they_were() {
    for (place, with) in [
        (r#"{"app":{"#, r#"{"app":{"aaa":[1,{"deep":"x"}],"#),
        (r#""epoch":3,"#, r#""epoch":3,"epsilon":{"a":1},"#),
        (
            r#""phone":{"confirmed-at""#,
            r#""phone":{"aaa":true,"confirmed-at""#,
        ),
        (
            r#""recovery":{"acknowledged":true,"#,
            r#""recovery":{"acknowledged":true,"b":"c","#,
        ),
    ] {
        let newer = ACCOUNT.replacen(place, with, 1);
        assert_ne!(newer, ACCOUNT);
        let account = decode_account(newer.as_bytes()).unwrap();
        assert_eq!(text(&encode_account(&account)), newer);
    }
    let newer = TICKETS.replacen(r#""id":"MNOP"#, r#""hue":7,"id":"MNOP"#, 1);
    let tickets = decode_tickets(newer.as_bytes()).unwrap();
    assert_eq!(text(&encode_tickets(&tickets)), newer);
    let newer = POLICY.replacen(r#""format":1"#, r#""faces":2,"format":1"#, 1);
    let stored = decode_policy(newer.as_bytes()).unwrap();
    assert_eq!(text(&encode_policy(&stored)), newer);
}

#[test]
fn a_record_for_newer_readers_only_is_refused() {
    let newer = ACCOUNT.replace(
        r#""format":1,"min-reader":1"#,
        r#""format":2,"min-reader":2"#,
    );
    assert_eq!(decode_account(newer.as_bytes()).unwrap_err(), Unreadable);
    // A newer format that this reader is said to understand is read.
    let newer = ACCOUNT.replace(
        r#""format":1,"min-reader":1"#,
        r#""format":2,"min-reader":1"#,
    );
    assert!(decode_account(newer.as_bytes()).is_ok());
}

#[test]
fn a_record_of_another_kind_or_none_is_refused() {
    for bytes in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"format":0,"min-reader":0,"epoch":1}"#,
        TICKETS,
    ] {
        assert_eq!(
            decode_account(bytes.as_bytes()).unwrap_err(),
            Unreadable,
            "{bytes}"
        );
    }
}

#[test]
fn a_record_cut_off_anywhere_is_refused() {
    for end in 0..ACCOUNT.len() {
        assert!(decode_account(&ACCOUNT.as_bytes()[..end]).is_err(), "{end}");
    }
    for end in 0..TICKETS.len() {
        assert!(decode_tickets(&TICKETS.as_bytes()[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_key_too_short_for_an_app_is_refused() {
    let short = ACCOUNT.replace("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQ");
    assert_eq!(decode_account(short.as_bytes()).unwrap_err(), Unreadable);
}

#[test]
fn nothing_secret_is_in_the_debug_output() {
    let account = decode_account(ACCOUNT.as_bytes()).unwrap();
    let tickets = decode_tickets(TICKETS.as_bytes()).unwrap();
    let sent = decode_tickets(TICKETS_WITH_MESSAGES.as_bytes()).unwrap();
    let shown = alloc::format!("{account:?} {tickets:?} {sent:?}");
    for secret in [
        "042042",
        "000001",
        "GEZDGNBV",
        "1234567890",
        "49, 50, 51",
        "2025550142",
    ] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (decode_account(&bytes), decode_tickets(&bytes), decode_policy(&bytes));
    }

    #[test]
    fn a_record_with_one_byte_changed_is_refused_or_read_without_panic(
        place in 0..ACCOUNT.len(),
        byte in any::<u8>(),
    ) {
        let mut bytes: Vec<u8> = ACCOUNT.into();
        bytes[place] = byte;
        let _ = decode_account(&bytes);
    }
}
