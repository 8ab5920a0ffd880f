//! `countersign import`, on files shaped as the other systems write them, with made-up people and keys.

mod faults;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::{Ran, run, scratch};

/// A file, who wrote it, and the exit code of its import.
const KEYCLOAK: (&str, &str, i32) = ("keycloak", "keycloak.json", 4);
const KRATOS: (&str, &str, i32) = ("kratos", "kratos.json", 4);
const AUTHELIA: (&str, &str, i32) = ("authelia", "authelia.yml", 4);
const AUTHELIA_TABLE: (&str, &str, i32) = ("csv", "authelia.csv", 0);
const PRIVACYIDEA: (&str, &str, i32) = ("privacyidea", "privacyidea.json", 4);
const PRIVACYIDEA_YAML: (&str, &str, i32) = ("privacyidea", "privacyidea.yml", 0);
const TABLE: (&str, &str, i32) = ("csv", "users.csv", 4);

const ALL: [(&str, &str, i32); 7] = [
    KEYCLOAK,
    KRATOS,
    AUTHELIA,
    AUTHELIA_TABLE,
    PRIVACYIDEA,
    PRIVACYIDEA_YAML,
    TABLE,
];

/// Imports a file with more arguments.
fn import((from, name, code): (&str, &str, i32), more: &[&str]) -> Ran {
    let path = fixture(name);
    let mut args = vec!["import", "--from", from, &path];
    args.extend(more);
    run(&args).ended(code)
}

fn fixture(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tests/cli/import").join(name);
    path.to_str().expect("it is UTF-8").to_owned()
}

/// Gives each row as `place user outcome`, with the field or reason where there is one.
fn rows(ran: &Ran) -> Vec<String> {
    let report: Value = serde_json::from_str(&ran.out).expect("it prints JSON");
    assert_eq!(report["rehearsal"], json!(true));
    let rows = report["rows"].as_array().expect("it has rows");
    let row = |row: &Value| {
        let fields = ["place", "user", "outcome", "field", "reason"];
        let words = fields.iter().filter_map(|it| row[*it].as_str());
        words.collect::<Vec<_>>().join(" ")
    };
    rows.iter().map(row).collect()
}

/// Gives the addresses and marks that would be imported.
fn calls(of: (&str, &str, i32)) -> Vec<(String, String, Option<u64>)> {
    let ran = import(of, &["--script", "-"]);
    let lines = ran.out.lines().filter(|it| !it.starts_with('#'));
    let call = |line: &str| {
        let call: Value = serde_json::from_str(line).expect("it writes JSON");
        assert_eq!(call["call"], "administration.add-totp");
        let with = &call["with"];
        assert_eq!(with["actor"], json!({ "operator": "import" }));
        let text = |name: &str| with[name].as_str().expect("it is text").to_owned();
        (text("user"), text("uri"), with["mark"].as_u64())
    };
    lines.map(call).collect()
}

fn uri(issuer: &str, account: &str, secret: &str, rest: &str) -> String {
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&{rest}")
}

const STANDARD: &str = "algorithm=SHA1&digits=6&period=30";

#[test]
fn keycloak_secrets_are_their_own_bytes_unless_they_say_base_32() {
    assert_eq!(
        rows(&import(KEYCLOAK, &["--json"])),
        [
            "users[0].credentials[1] ann imported",
            "users[1].credentials[0] ben imported",
            "users[1].credentials[1] ben skipped second",
            "users[2].credentials[0] cleo skipped hotp",
            "users[3].credentials[0] dan imported",
            "users[4].credentials[0] eva refused period",
        ]
    );
    let sha256 = "algorithm=SHA256&digits=8&period=60";
    let expected = [
        ("ann", "IFXG4QLONZAW43SBNZXEC3TOIFXG4MBR", STANDARD),
        ("ben", "IJSW4QTFNZBGK3SCMVXEEZLOIJSW4MBR", sha256),
        ("dan", "IRQW4RDBNZCGC3SEMFXEIYLOIRQW4MBR", STANDARD),
    ]
    .map(|(user, secret, rest)| {
        let uri = uri("Keycloak", user, secret, rest);
        (user.to_owned(), uri, None)
    });
    assert_eq!(calls(KEYCLOAK), expected);
}

#[test]
fn kratos_addresses_are_read_also_with_a_plus_for_a_space() {
    let id = |number: u8| format!("3f6c2a10-1d5e-4c0b-9a43-0000000000{number:02}");
    assert_eq!(
        rows(&import(KRATOS, &["--json"])),
        [
            format!("[0] {} imported", id(1)),
            format!("[2] {} skipped short-secret", id(3)),
            format!("[3] {} refused credentials.totp.config.totp_url", id(4)),
            format!("[4] {} imported", id(5)),
        ]
    );
    let expected = [
        (1, "MFXG4YLONZQW43TBNZXGC3TOMFXG4MBR"),
        (5, "MV3GCZLWMFSXMYLFOZQWK5TBMV3GCMBR"),
    ]
    .map(|(number, secret)| {
        let uri = uri("Kratos", &id(number), secret, STANDARD);
        (id(number), uri, None)
    });
    assert_eq!(calls(KRATOS), expected);
}

#[test]
fn authelia_secrets_are_base_64_of_base_32() {
    assert_eq!(
        rows(&import(AUTHELIA, &["--json"])),
        [
            "totp_configurations[0] ann imported",
            "totp_configurations[1] ben imported",
            "totp_configurations[2] cleo refused digits",
            "totp_configurations[3] 007 imported",
        ]
    );
    let calls = calls(AUTHELIA);
    let [ann, ben, bond] = calls.as_slice() else {
        panic!("{calls:?}");
    };
    let secret = "MFXG4YLONZQW43TBNZXGC3TOMFXG4MBS";
    assert_eq!(ann.1, uri("Authelia", "ann", secret, STANDARD));
    assert!(ben.1.ends_with("&algorithm=SHA512&digits=8&period=60"));
    assert_eq!(bond.0, "007");
}

#[test]
fn the_table_that_authelia_writes_is_one_to_import() {
    let expected = [
        ("ann", "MFXG4YLONZQW43TBNZXGC3TOMFXG4MBT", STANDARD),
        (
            "ben",
            "MJSW4YTFNZRGK3TCMVXGEZLOMJSW4MBT",
            "algorithm=SHA512&digits=8&period=60",
        ),
    ]
    .map(|(user, secret, rest)| (user.to_owned(), uri("Import", user, secret, rest), None));
    assert_eq!(calls(AUTHELIA_TABLE), expected);
}

#[test]
fn privacyidea_tokens_come_with_their_mark_and_without_a_clock_that_is_off() {
    assert_eq!(
        rows(&import(PRIVACYIDEA, &["--json"])),
        [
            "[0] TOTP0001A2B3 ann imported",
            "[1] TOTP0001A2B4 ann skipped second",
            "[2] OATH0001A2B5 ben skipped hotp",
            "[3] TOTP0001A2B6 cleo skipped disabled",
            "[4] PISM0001A2B7 dan skipped other-type",
            "[5] TOTP0001A2B8 skipped unassigned",
            "[6] TOTP0001A2B9 fay imported",
            "[7] TOTP0001A2BA gus refused info_list.timeShift",
            "[8] TOTP0001A2BB han skipped unfinished",
        ]
    );
    let sha256 = "algorithm=SHA256&digits=8&period=60";
    let (ann, fay) = (
        "MFXG4YLONZQW43TBNZXGC3TOMFXG4MBU",
        "MZQXSZTBPFTGC6LGMF4WMYLZMZQXSMBU",
    );
    let ann = uri("privacyIDEA", "ann", ann, STANDARD);
    let fay = |account| uri("privacyIDEA", account, fay, sha256);
    let mark = Some(58_000_000);
    assert_eq!(
        calls(PRIVACYIDEA),
        [
            ("ann".to_owned(), ann.clone(), mark),
            ("fay".to_owned(), fay("fay"), None),
        ]
    );
    assert_eq!(
        calls(PRIVACYIDEA_YAML),
        [
            ("ann".to_owned(), ann, mark),
            (
                "fay@mail.example".to_owned(),
                fay("fay%40mail.example"),
                None
            ),
        ]
    );
}

#[test]
fn a_table_is_imported_row_by_row_whatever_one_row_holds() {
    assert_eq!(
        rows(&import(TABLE, &["--json"])),
        [
            "line 2 ann refused user",
            "line 3 ben imported",
            "line 4 cleo refused algorithm",
            "line 5 refused",
            "line 6 eva refused mark",
            "line 7 $fay imported",
            "line 8 gus skipped short-secret",
            "line 9 ann refused user",
        ]
    );
    let ran = import(TABLE, &[]);
    for words in [
        "user: expected once in the file; it stands at line 2 and at line 9",
        "2 imported, 0 the same again, 5 refused, 1 skipped",
        "This was a rehearsal",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert!(ran.err.contains("rows refused: 5 of 8"), "{}", ran.err);
}

#[test]
fn users_are_named_by_the_field_that_the_gateway_knows() {
    let first = |of, field| rows(&import(of, &["--json", "--user-field", field])).remove(0);
    for (of, field, user) in [
        (KEYCLOAK, "username", "ann"),
        (KEYCLOAK, "id", "0c1f3c1e-7e0b-4a53-9d0a-3b0f6a1c0001"),
        (KEYCLOAK, "email", "ann@example.com"),
        (KRATOS, "username", "ann"),
        (KRATOS, "email", "ann@example.com"),
        (PRIVACYIDEA, "id", "uid-ann"),
    ] {
        let row = first(of, field);
        assert!(
            row.ends_with(&format!(" {user} imported")),
            "{field}: {row}"
        );
    }
    // A second identity has no trait of that name.
    let named = rows(&import(KRATOS, &["--json", "--user-field", "username"]));
    assert_eq!(
        named.last().map(String::as_str),
        Some("[4] refused traits.username")
    );
    let (from, name, _) = AUTHELIA;
    let none = import((from, name, 2), &["--user-field", "email"]);
    let expected = "--user-field: a file from authelia has no email, expected username\n";
    assert!(none.err.ends_with(expected), "{}", none.err);
    let (from, name, _) = PRIVACYIDEA;
    let none = import((from, name, 2), &["--user-field", "email"]);
    let expected = "has no email, expected username or id\n";
    assert!(none.err.ends_with(expected), "{}", none.err);
}

#[test]
fn no_secret_is_printed_unless_the_script_is() {
    let path = scratch("import-canary.jsonl");
    for of in ALL {
        let secrets: Vec<String> = calls(of)
            .into_iter()
            .map(|(_, uri, _)| {
                let after = uri.split_once("secret=").expect("it has a secret").1;
                after.split_once('&').expect("it has more").0.to_owned()
            })
            .collect();
        assert!(secrets.len() >= 2, "{of:?}");
        let _ = fs::remove_file(&path);
        let script = path.to_str().expect("it is UTF-8");
        for more in [&[][..], &["--json"], &["--script", script]] {
            let ran = import(of, more);
            let said = format!("{}{}", ran.out, ran.err);
            for secret in &secrets {
                let bytes = data_encoding::BASE32_NOPAD
                    .decode(secret.as_bytes())
                    .expect("it is base 32");
                let text = String::from_utf8(bytes).expect("these keys are text");
                for spelling in [
                    secret,
                    &text,
                    &data_encoding::HEXLOWER.encode(text.as_bytes()),
                ] {
                    assert!(!said.contains(spelling.as_str()), "{of:?} {more:?}: {said}");
                }
            }
            assert!(!said.contains("otpauth"), "{said}");
        }
        let kept = fs::read_to_string(&path).expect("it was written");
        assert!(secrets.iter().all(|it| kept.contains(it)), "{of:?}");
    }
}

#[test]
fn a_script_is_run_by_call_and_read_by_its_owner_alone() {
    let path = scratch("import-script.jsonl");
    let _ = fs::remove_file(&path);
    let script = path.to_str().expect("it is UTF-8");
    import(TABLE, &["--script", script]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let ran = run(&["call", "--script", script]).ended(0);
    assert_eq!(ran.out.matches("\"ok\": 1").count(), 2, "{}", ran.out);

    let (from, name, _) = TABLE;
    let again = import((from, name, 2), &["--script", script]);
    let expected = "expected a file that does not exist";
    assert!(again.err.contains(expected), "{}", again.err);
}

#[test]
fn with_the_script_on_the_output_the_report_is_on_the_error_stream() {
    let ran = import(TABLE, &["--script", "-", "--json"]);
    assert!(ran.out.lines().all(|it| it.starts_with(['#', '{'])));
    assert!(ran.err.contains("\"rehearsal\": true"), "{}", ran.err);
    // A user that begins with a dollar sign stands for nothing saved.
    assert!(ran.out.contains(r#""user":"$$fay""#), "{}", ran.out);
}
