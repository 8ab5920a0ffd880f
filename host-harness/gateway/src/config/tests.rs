//! Settings as operators write them, and what they are told.

use std::collections::BTreeSet;
use std::path::Path;

use super::reader::Reader;
use super::{Config, ConfigError, DecisionsAddress, LogFormat, MailSecurity, Secret, read};

/// The least that a file holds: three lines and one more.
const LEAST: &str = "public-url = \"https://id.example.com\"\nstore = \"sqlite:mfa.db\"\nkeys = \"file:keys\"\ndirectory = \"sqlite:directory.db\"\n";

const EXAMPLE: &str = include_str!("../../gateway.example.toml");

#[test]
fn the_example_is_the_defaults() {
    let example = parse(EXAMPLE, &[]).unwrap();
    let least = parse(LEAST, &[]).unwrap();
    assert_eq!(format!("{example:?}"), format!("{least:?}"));
}

#[test]
fn every_setting_stands_in_the_example_and_every_key_of_it_is_a_setting() {
    let text = uncommented();
    let mut reader = Reader::new(Path::new("/etc/gateway.toml"), &text, []);
    let config = read::config(&mut reader).unwrap();
    let by_variable = ["listen.decisions.secret", "mail.password", "texts.secret"];
    let known: BTreeSet<String> = reader
        .known()
        .iter()
        .filter(|key| !by_variable.contains(&key.as_str()))
        .cloned()
        .collect();
    for key in &known {
        assert!(reader.is_set(key), "{key} does not stand in the example");
    }
    let problems: Vec<String> = reader.finish().iter().map(ToString::to_string).collect();
    assert_eq!(problems, [""; 0]);
    assert_eq!(config.mail.unwrap().security, MailSecurity::Starttls);
}

#[test]
fn paths_begin_where_the_file_is() {
    let config = parse(&uncommented(), &[]).unwrap();
    assert_eq!(config.store.as_str(), "sqlite:/etc/mfa.db");
    assert_eq!(config.keys.to_string(), "file:/etc/keys");
    assert_eq!(
        config.plugin.cache.as_deref(),
        Some(Path::new("/etc/cache"))
    );
    let keys = [Path::new("/etc/release.public.pem")];
    assert_eq!(config.plugin.signed_by, keys);
    let decisions = config.listen.decisions.unwrap();
    let socket = DecisionsAddress::Unix("/etc/decisions.sock".into());
    assert_eq!(decisions.address, socket);
    let secret = config.mail.unwrap().password;
    assert_eq!(secret, Some(Secret::File("/etc/mail-password".into())));
}

#[test]
fn the_environment_has_the_last_word() {
    let text = format!("{LEAST}[listen]\nhttp = \"127.0.0.1:1\"\n");
    let config = parse(
        &text,
        &[
            ("COUNTERSIGN_GATEWAY_LISTEN__HTTP", "127.0.0.1:2"),
            (
                "COUNTERSIGN_GATEWAY_LISTEN__TRUSTED_PROXIES",
                "10.0.0.0/8, ::1",
            ),
            ("COUNTERSIGN_GATEWAY_LISTEN__OPERATIONS_PUBLIC", "true"),
            ("COUNTERSIGN_GATEWAY_LISTEN__OPERATIONS", "0.0.0.0:9"),
            ("COUNTERSIGN_GATEWAY_SESSIONS__HOURS", "720"),
            ("COUNTERSIGN_GATEWAY_STORE", "postgres://mfa:hunter2@db/mfa"),
            ("COUNTERSIGN_GATEWAY_MAIL__HOST", "mail.example.com"),
            ("COUNTERSIGN_GATEWAY_MAIL__FROM", "mfa@example.com"),
            ("COUNTERSIGN_GATEWAY_MAIL__USER", "mfa"),
            ("COUNTERSIGN_GATEWAY_MAIL__PASSWORD", "hunter2"),
            ("COUNTERSIGN_GATEWAY_LOG__FORMAT", "text"),
            ("COUNTERSIGN_STORE", "of the command's other tools"),
        ],
    );
    let config = config.unwrap();
    assert_eq!(config.listen.http.port(), 2);
    assert_eq!(config.listen.trusted_proxies.len(), 2);
    assert_eq!(config.listen.operations.port(), 9);
    assert_eq!(config.sessions.hours, 720);
    assert_eq!(config.log.format, LogFormat::Text);
    assert_eq!(config.store.as_str(), "postgres://mfa:hunter2@db/mfa");
    assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
    let password = config.mail.unwrap().password.unwrap().read().unwrap();
    assert_eq!(*password, "hunter2");
}

#[test]
fn an_origin_is_as_browsers_write_it() {
    for (typed, expected) in [
        ("https://ID.Example.com", "https://id.example.com"),
        ("https://id.example.com:443", "https://id.example.com"),
        ("https://id.example.com:8443", "https://id.example.com:8443"),
        ("http://localhost:7400", "http://localhost:7400"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:7400", "http://[::1]:7400"),
    ] {
        let config = parse(&LEAST.replace("https://id.example.com", typed), &[]).unwrap();
        assert_eq!(config.public_url, expected);
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_in_the_order_of_the_file() {
    let text = "issuer = \"a:b\"\nstroe = 1\nkeys = \"/etc/keys\"\n[sessions]\nhours = 0\n";
    let told = told(text, &[("COUNTERSIGN_GATEWAY_LOG__LEVEL", "loud")]);
    let expected = "\
gateway.toml:1: issuer: expected 1 to 64 characters without colons, control characters, and spaces around them
gateway.toml:2: stroe: expected the name of a setting
gateway.toml:3: keys: expected file:PATH, env:NAME or command:LINE
gateway.toml:5: sessions.hours: expected 1 to 720
COUNTERSIGN_GATEWAY_LOG__LEVEL: expected error, warn, info or debug
gateway.toml: directory: expected sqlite:PATH or postgres://USER@HOST/DATABASE
gateway.toml: public-url: expected https:// with a host, perhaps a port, and no path; http:// is for localhost, 127.0.0.1 and [::1]
gateway.toml: store: expected sqlite:PATH or postgres://USER@HOST/DATABASE";
    assert_eq!(told, expected);
}

/// What stands after [`LEAST`], and what is told. Line 5 is the first of it.
const WRONG: &[(&str, &str)] = &[
    (
        "realm = \"\"",
        "gateway.toml:5: realm: expected 1 to 128 bytes without control characters",
    ),
    (
        "issuer = 5",
        "gateway.toml:5: issuer: expected 1 to 64 characters without colons, control characters, and spaces around them",
    ),
    ("sessions = 5", "gateway.toml:5: sessions: expected a table"),
    (
        "[sesions]\nhours = 5",
        "gateway.toml:5: sesions: expected the name of a setting",
    ),
    (
        "[sessions]\nhours = 721",
        "gateway.toml:6: sessions.hours: expected 1 to 720",
    ),
    (
        "[sessions]\nhours = \"12\"",
        "gateway.toml:6: sessions.hours: expected 1 to 720",
    ),
    (
        "[sessions]\nhours = -1",
        "gateway.toml:6: sessions.hours: expected 1 to 720",
    ),
    (
        "[sessions]\nhours = 1.5",
        "gateway.toml:6: sessions.hours: expected 1 to 720",
    ),
    (
        "[sessions]\nidle-minutes = 4",
        "gateway.toml:6: sessions.idle-minutes: expected 5 to 1440",
    ),
    (
        "[sessions]\npending-minutes = 61",
        "gateway.toml:6: sessions.pending-minutes: expected 5 to 60",
    ),
    (
        "[sessions]\n\nhuors = 5",
        "gateway.toml:7: sessions.huors: expected the name of a setting",
    ),
    (
        "[throttle]\nat-once = 65",
        "gateway.toml:6: throttle.at-once: expected 1 to 64",
    ),
    (
        "[throttle]\nname = 0",
        "gateway.toml:6: throttle.name: expected 1 to 10000",
    ),
    (
        "[plugin]\nsha256 = \"ab\"",
        "gateway.toml:6: plugin.sha256: expected 64 hexadecimal digits",
    ),
    (
        "[plugin]\nfile = \"plugin.wasm\"\nsigned-by = []",
        "gateway.toml:7: plugin.signed-by: expected files of public keys, one at least",
    ),
    (
        "[plugin]\nfile = \"plugin.wasm\"\nsigned-by = \"release.public.pem\"",
        "gateway.toml:7: plugin.signed-by: expected files of public keys, one at least",
    ),
    (
        "[plugin]\nsigned-by = [\"release.public.pem\"]",
        "gateway.toml:6: plugin.signed-by: expected plugin.file too: the component that was built with the command has no signature",
    ),
    (
        "[plugin]\nfile = \"\"",
        "gateway.toml:6: plugin.file: expected a path",
    ),
    (
        "[listen]\nhttp = \"localhost\"",
        "gateway.toml:6: listen.http: expected an address and a port, such as 127.0.0.1:7400",
    ),
    (
        "[listen]\noperations = \"0.0.0.0:7401\"",
        "gateway.toml:6: listen.operations: expected a loopback or private address, or listen.operations-public = true: whoever reaches it reads the metrics",
    ),
    (
        "[listen]\noperations = \"203.0.113.5:7401\"",
        "gateway.toml:6: listen.operations: expected a loopback or private address, or listen.operations-public = true: whoever reaches it reads the metrics",
    ),
    (
        "[listen]\noperations = \"127.0.0.1:7400\"",
        "gateway.toml:6: listen.operations: expected another address than listen.http",
    ),
    (
        "[listen]\noperations-public = 1",
        "gateway.toml:6: listen.operations-public: expected true or false",
    ),
    (
        "[listen]\ntrusted-proxies = [\"proxy\"]",
        "gateway.toml:6: listen.trusted-proxies: expected addresses, or networks such as 10.0.0.0/8 without bits behind their length, and never all there are",
    ),
    (
        "[listen]\nconnections = 0",
        "gateway.toml:6: listen.connections: expected 1 to 65536",
    ),
    (
        "[listen]\ndrain-seconds = 121",
        "gateway.toml:6: listen.drain-seconds: expected 0 to 120",
    ),
    (
        "[listen]\nshutdown-seconds = 0",
        "gateway.toml:6: listen.shutdown-seconds: expected 1 to 300",
    ),
    (
        "[listen.decisions]\naddress = \"10.0.0.1:7402\"",
        "gateway.toml:6: listen.decisions.address: expected unix:PATH or a loopback address such as 127.0.0.1:7402",
    ),
    (
        "[listen.decisions]\naddress = \"127.0.0.1:7402\"",
        "gateway.toml: listen.decisions.secret-file: expected a path: everybody on the machine reaches a loopback address",
    ),
    (
        "[listen.decisions]\naddress = \"unix:a\"\nsecret = \"hunter2\"",
        "gateway.toml:7: listen.decisions.secret: expected no secret in this file, but listen.decisions.secret-file, or the variable COUNTERSIGN_GATEWAY_LISTEN__DECISIONS__SECRET",
    ),
    (
        "[mail]\nhost = \"a\"",
        "gateway.toml: mail.from: expected an address such as Example <mfa@example.com>",
    ),
    (
        "[mail]\nhost = \"a b\"\nfrom = \"a@b.example\"",
        "gateway.toml:6: mail.host: expected a server's name",
    ),
    (
        "[mail]\nhost = \"a\"\nfrom = \"mfa\"",
        "gateway.toml:7: mail.from: expected an address such as Example <mfa@example.com>",
    ),
    (
        "[mail]\nhost = \"a\"\nfrom = \"a@b.example\"\nport = 65536",
        "gateway.toml:8: mail.port: expected 1 to 65535",
    ),
    (
        "[mail]\nhost = \"a\"\nfrom = \"a@b.example\"\nsecurity = \"ssl\"",
        "gateway.toml:8: mail.security: expected starttls, tls or none",
    ),
    (
        "[mail]\nhost = \"a\"\nfrom = \"a@b.example\"\nsecurity = \"none\"",
        "gateway.toml:8: mail.security: expected starttls or tls: none is for a server on this machine",
    ),
    (
        "[mail]\nhost = \"a\"\nfrom = \"a@b.example\"\nuser = \"u\"",
        "gateway.toml:8: mail.user: expected mail.password-file beside it",
    ),
    (
        "[mail]\nhost = \"a\"\nfrom = \"a@b.example\"\nuser = \"u\"\npassword = \"hunter2\"",
        "gateway.toml:9: mail.password: expected no secret in this file, but mail.password-file, or the variable COUNTERSIGN_GATEWAY_MAIL__PASSWORD\ngateway.toml:8: mail.user: expected mail.password-file beside it",
    ),
    (
        "[texts]\nwebhook = \"http://texts.example\"\nsecret-file = \"a\"",
        "gateway.toml:6: texts.webhook: expected https://, or http:// to this machine, without a user in it",
    ),
    (
        "[texts]\nwebhook = \"https://u:hunter2@texts.example\"\nsecret-file = \"a\"",
        "gateway.toml:6: texts.webhook: expected https://, or http:// to this machine, without a user in it",
    ),
    (
        "[texts]\nwebhook = \"https://texts.example\"",
        "gateway.toml: texts.secret-file: expected a path",
    ),
    (
        "[texts]\nwebhook = \"https://texts.example\"\nsecret-file = \"a\"\ncountries = [\"UK\"]",
        "gateway.toml:8: texts.countries: expected codes of ISO 3166-1 that have numbers, such as GB",
    ),
    (
        "[log]\nformat = \"xml\"",
        "gateway.toml:6: log.format: expected json or text",
    ),
];

#[test]
fn each_mistake_is_told_with_its_place_and_what_was_expected() {
    for (added, expected) in WRONG {
        let told = told(&format!("{LEAST}{added}\n"), &[]);
        let mut told: Vec<&str> = told.lines().collect();
        let mut expected: Vec<&str> = expected.lines().collect();
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected, "{added}");
    }
}

#[test]
fn an_address_with_a_password_belongs_into_the_environment() {
    for address in [
        "postgres://mfa:hunter2@db/mfa",
        "postgresql://db/mfa?sslmode=require&password=hunter2",
        "postgres://db/mfa?p%61ssword=hunter2",
    ] {
        let told = told(&LEAST.replace("sqlite:mfa.db", address), &[]);
        let expected = "gateway.toml:2: store: expected no password in this file, but in the variable PGPASSWORD, or \
                        the whole address in COUNTERSIGN_GATEWAY_STORE";
        assert_eq!(told, expected);
    }
}

#[test]
fn an_address_where_people_are_not_safe_is_refused() {
    for url in [
        "",
        "id.example.com",
        "http://id.example.com",
        "http://127.0.0.1.example.com",
        "https://id.example.com/",
        "https://id.example.com/mfa",
        "https://id.example.com?a",
        "https://id.example.com:",
        "https://user:hunter2@id.example.com",
        "ftp://localhost",
        "https://",
    ] {
        let told = told(&LEAST.replace("https://id.example.com", url), &[]);
        assert!(
            told.starts_with("gateway.toml:1: public-url: expected https://"),
            "{url}: {told}"
        );
        assert!(!told.contains("hunter2"));
    }
}

#[test]
fn a_variable_that_is_no_setting_is_named() {
    let told = told(LEAST, &[("COUNTERSIGN_GATEWAY_SESION__HOURS", "hunter2")]);
    let expected = "COUNTERSIGN_GATEWAY_SESION__HOURS: expected the name of a setting";
    assert_eq!(told, expected);
}

#[test]
fn what_is_no_toml_is_told_by_its_line_and_not_repeated() {
    let told = told(&format!("{LEAST}hunter2\n"), &[]);
    assert!(told.starts_with("gateway.toml:5: expected TOML"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_reach_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let path = std::env::temp_dir().join(format!("countersign-secret-{}", std::process::id()));
    std::fs::write(&path, "hunter2\n").unwrap();
    let secret = Secret::File(path.clone());
    for (mode, is_read) in [(0o644, false), (0o640, false), (0o600, true), (0o400, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        match secret.read() {
            Ok(read) => assert!(is_read && *read == "hunter2", "{mode:o}"),
            Err(why) => assert!(!is_read && !why.contains("hunter2"), "{mode:o}: {why}"),
        }
    }
    std::fs::remove_file(&path).unwrap();
    assert!(secret.read().is_err());
}

/// The example with everything in it that it holds at all.
fn uncommented() -> String {
    let setting = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') && !rest.is_empty() => rest.to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = EXAMPLE.lines().map(setting).collect();
    lines.join("\n")
}

fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(Path::new("/etc/gateway.toml"), text, environment)
}

#[track_caller]
fn told(text: &str, environment: &[(&str, &str)]) -> String {
    parse(text, environment).unwrap_err().to_string()
}
