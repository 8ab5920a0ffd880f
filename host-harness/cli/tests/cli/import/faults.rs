//! Rows and files that cannot be imported.

mod memory;
mod namesakes;

use std::fs;

use serde_json::{Value, json};

use crate::import::rows;
use crate::{file, run, run_with_input, scratch};

#[test]
fn a_row_at_fault_is_named_with_its_field_and_what_was_expected() {
    let otp = |secret: &str, data: &str| {
        json!({ "users": [{ "username": "ann", "credentials": [
            { "type": "otp", "secretData": secret, "credentialData": data }
        ] }] })
        .to_string()
    };
    let data = |change: (&str, Value)| {
        let mut data = json!({
            "subType": "totp", "digits": 6, "counter": 0, "period": 30, "algorithm": "HmacSHA1",
        });
        data[change.0] = change.1;
        data.to_string()
    };
    let secret = r#"{"value":"SecretSecretSecret01"}"#;
    let long_user = format!("user,secret\n{},{KEY}\n", "u".repeat(129));
    for (from, text, expected) in [
        ("keycloak", otp(secret, &data(("digits", json!(7)))), "digits: expected 6 or 8"),
        (
            "keycloak",
            otp(secret, &data(("digits", json!("SecretSecret")))),
            "credentialData.digits: expected a whole number",
        ),
        (
            "keycloak",
            otp(secret, &data(("algorithm", json!("HmacMD5")))),
            "credentialData.algorithm: expected HmacSHA1",
        ),
        (
            "keycloak",
            otp(secret, &data(("secretEncoding", json!("BASE64")))),
            "credentialData.secretEncoding: expected BASE32",
        ),
        (
            "keycloak",
            otp(secret, &data(("secretEncoding", json!("BASE32")))),
            "secretData.value: expected base 32",
        ),
        (
            "keycloak",
            otp("SecretSecret", &data(("digits", json!(6)))),
            "secretData: expected a text with JSON",
        ),
        (
            "keycloak",
            json!({ "users": [{ "id": "1", "credentials": [{ "type": "otp" }] }] }).to_string(),
            "credentialData: expected a text with JSON",
        ),
        (
            "keycloak",
            json!({ "users": [{ "id": "1", "credentials": [{ "type": "totp" }] }] }).to_string(),
            "type: expected otp",
        ),
        // Without its comma the secret stands in the column of the user.
        (
            "csv",
            "user,secret\nannSecret\n".to_owned(),
            "expected 2 fields, as in line 1",
        ),
        (
            "authelia",
            "totp_configurations:\n- {username: ann, algorithm: SHA1, digits: 6, period: 30, secret: '!Secret'}\n"
                .to_owned(),
            "secret: expected base 64",
        ),
        ("csv", "user,secret\nann,Secret1\n".to_owned(), "secret: expected base 32"),
        ("csv", "user,uri\nann,https://Secret\n".to_owned(), "uri: expected otpauth://totp/"),
        ("csv", "user,uri\n,otpauth://totp/\n".to_owned(), "uri: expected otpauth://totp/"),
        ("csv", format!("user,secret\n\"\",{KEY}\n"), "user: expected a name"),
        ("csv", format!("user,secret,digits\nann,{KEY},+6\n"), "digits: expected a whole number"),
        ("csv", long_user, "user: expected 1 to 128 bytes"),
        ("csv", format!("user,secret\n\"a\nb\",{KEY}\n"), "user: expected 1 to 128 bytes"),
        (
            "privacyidea",
            r#"[{"serial": "T", "type": "totp", "active": true, "user": {"login": "ann"}, "otplen": 6,
                "otpkey": "SecretS", "info_list": {"hashlib": "sha1", "timeStep": "30"}}]"#
                .to_owned(),
            "otpkey: expected hexadecimal",
        ),
        (
            "privacyidea",
            r#"[{"serial": "T", "type": "totp", "active": true, "user": {"login": "ann"}, "otplen": 6,
                "info_list": {"timeStep": "30"}}]"#
                .to_owned(),
            "info_list.hashlib: expected sha1",
        ),
        (
            "kratos",
            r#"{"id": "1", "credentials": {"totp": {"config": {"totp_url": "totp://x?secret=SecretS"}}}}"#.to_owned(),
            "uri: expected otpauth://totp/",
        ),
    ] {
        let ran = run_with_input(&["import", "--from", from, "-"], &text).ended(4);
        assert!(ran.out.contains(expected), "{text}: {}", ran.out);
        assert!(!format!("{}{}", ran.out, ran.err).contains("Secret"), "{}", ran.out);
        assert!(ran.out.contains("0 imported, 0 the same again, 1 refused"));
    }
}

/// 20 bytes in base 32.
const KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

#[test]
fn a_file_of_another_shape_is_refused_where_it_is_one() {
    for (from, text, expected) in [
        (
            "keycloak",
            "SecretSecret",
            "-: line 1 column 1: expected JSON",
        ),
        (
            "keycloak",
            r#"{"users": ["#,
            "-: line 1 column 11: expected more JSON",
        ),
        (
            "keycloak",
            r#"{"realm": "x"}"#,
            "-: users: expected a realm with `users`",
        ),
        (
            "keycloak",
            r#"{"users": ["Secret"]}"#,
            "-: users[0]: expected a user",
        ),
        ("kratos", "", "-: the file: expected identities"),
        (
            "kratos",
            r#"[{"Secret": 1}]"#,
            "-: [0]: expected identities",
        ),
        (
            "kratos",
            r#"[{"id": "1"}]"#,
            "-: credentials: expected identities",
        ),
        ("kratos", "[] [7]", "-: page 2: [0]: expected identities"),
        (
            "authelia",
            "totp_configurations: [Secret]",
            "-: totp_configurations[0]: expected a configuration",
        ),
        (
            "authelia",
            "Secret",
            "-: totp_configurations: expected a list",
        ),
        ("authelia", "a: 'Secret", "expected YAML"),
        (
            "authelia",
            "totp_configurations: &a [*a]",
            "expected no alias",
        ),
        (
            "privacyidea",
            "gAAAAABSecret",
            "-: the file: expected a decrypted export",
        ),
        (
            "privacyidea",
            "<KeyContainer>Secret",
            "-: the file: expected the format pi or yaml",
        ),
        (
            "privacyidea",
            "ann@x, T1, Secret, totp, 6, 30",
            "-: expected a list of tokens",
        ),
        (
            "privacyidea",
            r#"[{"Secret": 1}]"#,
            "-: [0].serial: expected a list of tokens",
        ),
        ("csv", "ann,Secret\n", "-: line 1: expected a heading"),
        ("csv", "user\nann\n", "-: line 1: expected a heading"),
        ("csv", "user,uri,secret\n", "-: line 1: expected a heading"),
        ("csv", "user,uri,digits\n", "-: line 1: expected a heading"),
        (
            "csv",
            "user,secret,user\n",
            "-: line 1: expected each column once",
        ),
        ("csv", "", "-: line 1: expected a heading"),
        (
            "csv",
            "\u{feff}user,secret\r\nann,\"Secret\r\nben,Secret\r\n",
            "-: line 2: expected a quote at the end of a quoted field",
        ),
    ] {
        let ran = run_with_input(&["import", "--from", from, "-"], text).ended(2);
        assert!(ran.err.contains(expected), "{from} {text}: {}", ran.err);
        assert!(!ran.err.contains("Secret"), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
}

#[test]
fn a_file_that_is_no_text_or_not_there_is_refused() {
    let path = file("import-latin1.csv", b"user,secret\nJ\xf6rg,SECRET\n");
    let ran = run(&["import", "--from", "csv", &path]).ended(2);
    assert!(ran.err.contains("byte 13: expected UTF-8"), "{}", ran.err);
    let ran = run(&["import", "--from", "csv", "no-such.csv"]).ended(2);
    assert!(ran.err.contains("cannot read no-such.csv"), "{}", ran.err);
}

#[test]
fn a_file_that_is_too_large_is_refused_for_that() {
    let path = scratch("import-large.csv");
    let large = fs::File::create(&path).expect("it can be made");
    large.set_len((128 << 20) + 1).expect("it can be sparse");
    let path = path.to_str().expect("it is UTF-8");
    let ran = run(&["import", "--from", "csv", path]).ended(2);
    assert!(ran.err.contains("at most 134217728 bytes"), "{}", ran.err);
    fs::remove_file(path).expect("it can be removed");
}

#[test]
fn a_name_that_is_not_seen_as_it_is_is_escaped_in_json_and_stays_the_same() {
    let text = format!("user,secret\n\u{202e}ann,{KEY}\n");
    let ran = run_with_input(&["import", "--from", "csv", "-", "--json"], &text);
    let ran = ran.ended(0);
    assert!(!ran.out.contains('\u{202e}'), "{}", ran.out);
    assert_eq!(rows(&ran), ["line 2 \u{202e}ann imported"]);
}

#[test]
fn a_file_without_apps_says_so() {
    let text = r#"{"realm": "x", "users": [{"username": "ann", "credentials": []}]}"#;
    let ran = run_with_input(&["import", "--from", "keycloak", "-"], text).ended(0);
    assert!(ran.out.contains("no authenticator apps"), "{}", ran.out);
}
