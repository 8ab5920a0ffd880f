//! Files that would take far more than they hold.

use crate::import::rows;
use crate::run_with_input;

#[test]
fn a_name_that_no_plugin_can_be_handed_is_one_row_that_is_refused() {
    let key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let long = "u".repeat(20_000_000);
    let table = format!("user,secret\nann,{key}\n{long},{key}\nben,{key}\n");
    let ran = run_with_input(&["import", "--from", "csv", "-", "--json"], &table).ended(4);
    assert_eq!(
        rows(&ran),
        [
            "line 2 ann imported",
            "line 3 refused user",
            "line 4 ben imported"
        ]
    );
    assert!(ran.out.contains("1 to 128 bytes"));
    assert!(ran.out.len() < 1_000, "{}", ran.out.len());
}

#[test]
fn a_serial_that_privacyidea_would_not_keep_is_not_repeated() {
    let tokens = format!(
        r#"[{{"serial": "{}", "type": "sms"}}]"#,
        "S".repeat(400_000)
    );
    let args = ["import", "--from", "privacyidea", "-", "--json"];
    let ran = run_with_input(&args, &tokens).ended(0);
    assert_eq!(rows(&ran), ["[0] skipped unassigned"]);
}

#[test]
fn small_files_of_many_values_are_refused_where_they_go_wrong() {
    let times = |text: &str, count: usize| text.repeat(count);
    let many = format!("totp_configurations: [{}]", times("a: b, ", 240_000));
    let lists = format!("totp_configurations: [{}]", times("[],", 300_000));
    let zeros = format!(r#"{{"users":[{}0]}}"#, times("0,", 4_000_000));
    for (from, text, expected) in [
        (
            "authelia",
            &many,
            "what fits into 64 MiB of memory; import it in parts",
        ),
        (
            "authelia",
            &lists,
            "totp_configurations[0]: expected a configuration",
        ),
        ("keycloak", &zeros, "users[0]: expected a user"),
    ] {
        let ran = run_with_input(&["import", "--from", from, "-"], text).ended(2);
        assert!(ran.err.contains(expected), "{}", ran.err);
        assert!(ran.err.len() < 300, "{}", ran.err);
    }
}
