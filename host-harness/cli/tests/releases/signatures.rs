//! Signatures, beside those of OpenSSL.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use countersign_tests::peer::Peer;
use libtest_mimic::Trial;

use crate::desk::Desk;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        of_openssl("openssl_checks_what_we_sign", openssl_checks_what_we_sign),
        of_openssl("we_check_what_openssl_signs", we_check_what_openssl_signs),
        of_openssl(
            "we_sign_with_a_key_of_openssl",
            we_sign_with_a_key_of_openssl,
        ),
        plain(
            "a_key_that_others_can_read_signs_nothing",
            a_key_that_others_can_read,
        ),
        plain(
            "what_is_there_is_not_replaced_unasked",
            what_is_there_is_not_replaced,
        ),
        plain("inspect_says_who_signed_a_plugin", inspect_says_who_signed),
        plain(
            "a_gateway_takes_what_its_key_signed_and_nothing_else",
            a_gateway_takes_what_its_key_signed,
        ),
    ]
}

fn of_openssl(name: &'static str, run: fn(&Desk)) -> Trial {
    Peer::Openssl.trial(name, move || {
        run(&Desk::new(name));
        Ok(())
    })
}

fn plain(name: &'static str, run: fn(&Desk)) -> Trial {
    Trial::test(name, move || {
        run(&Desk::new(name));
        Ok(())
    })
}

fn openssl_checks_what_we_sign(desk: &Desk) {
    desk.run(&["sign", "--new-key", "release"]).ended(0);
    desk.run(&["sign", "plugin.wasm", "--key", "release.private.pem"])
        .ended(0);
    let check = [
        "pkeyutl",
        "-verify",
        "-rawin",
        "-pubin",
        "-inkey",
        "release.public.pem",
        "-in",
        "plugin.wasm",
        "-sigfile",
        "plugin.wasm.sig",
    ];
    desk.program("openssl", &check).ended(0);
    desk.other_release();
    let other = check.map(|it| match it {
        "plugin.wasm" => "other.wasm",
        it => it,
    });
    desk.program("openssl", &other).ended(1);
}

fn we_check_what_openssl_signs(desk: &Desk) {
    desk.run(&["sign", "--new-key", "release"]).ended(0);
    let sign = [
        "pkeyutl",
        "-sign",
        "-rawin",
        "-inkey",
        "release.private.pem",
        "-in",
        "plugin.wasm",
        "-out",
        "plugin.wasm.sig",
    ];
    desk.program("openssl", &sign).ended(0);
    desk.run(&[
        "inspect",
        "plugin.wasm",
        "--signed-by",
        "release.public.pem",
    ])
    .ended(0);
}

fn we_sign_with_a_key_of_openssl(desk: &Desk) {
    let key = ["genpkey", "-algorithm", "ed25519", "-out", "theirs.pem"];
    desk.program("openssl", &key).ended(0);
    let public = [
        "pkey",
        "-in",
        "theirs.pem",
        "-pubout",
        "-out",
        "theirs.public.pem",
    ];
    desk.program("openssl", &public).ended(0);
    desk.run(&["sign", "plugin.wasm", "--key", "theirs.pem"])
        .ended(0);
    desk.run(&["inspect", "plugin.wasm", "--signed-by", "theirs.public.pem"])
        .ended(0);
    // An elliptic curve is not the one.
    let key = [
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-out",
        "curve.pem",
    ];
    desk.program("openssl", &key).ended(0);
    desk.run(&["sign", "plugin.wasm", "--key", "curve.pem", "--force"])
        .failed(2, "expected an Ed25519 private key");
}

fn a_key_that_others_can_read(desk: &Desk) {
    desk.run(&["sign", "--new-key", "release"]).ended(0);
    let path = desk.path("release.private.pem");
    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
    };
    assert_eq!(mode(&path) & 0o777, 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("it is ours");
    desk.run(&["sign", "plugin.wasm", "--key", "release.private.pem"])
        .failed(2, "expected mode 0600");
    assert!(!desk.files().contains(&"plugin.wasm.sig".to_owned()));
}

fn what_is_there_is_not_replaced(desk: &Desk) {
    desk.run(&["sign", "--new-key", "release"]).ended(0);
    let key = desk.read("release.private.pem");
    desk.run(&["sign", "--new-key", "release"])
        .failed(2, "release.private.pem is there already");
    assert_eq!(desk.read("release.private.pem"), key);
    desk.write("plugin.wasm.sig", b"mine");
    let sign = ["sign", "plugin.wasm", "--key", "release.private.pem"];
    desk.run(&sign)
        .failed(2, "plugin.wasm.sig is there already");
    assert_eq!(desk.read("plugin.wasm.sig"), b"mine");
    desk.run(&[&sign[..], &["--force"]].concat()).ended(0);
    assert_eq!(desk.read("plugin.wasm.sig").len(), 64);
    let left = [
        "plugin.wasm",
        "plugin.wasm.sig",
        "release.private.pem",
        "release.public.pem",
    ];
    assert_eq!(desk.files(), left);
}

fn inspect_says_who_signed(desk: &Desk) {
    for name in ["old", "new", "other"] {
        desk.run(&["sign", "--new-key", name]).ended(0);
    }
    let inspect = |keys: &[&str]| {
        let keys = keys.iter().flat_map(|it| ["--signed-by", it]);
        let args: Vec<&str> = ["inspect", "plugin.wasm", "--json"]
            .into_iter()
            .chain(keys)
            .collect();
        desk.run(&args)
    };
    let json = inspect(&["old.public.pem"]).ended(3).json();
    assert_eq!(
        json["not-signed"],
        "the component has no signature, and must have one"
    );
    assert_eq!(json["verdict"], "loads");
    desk.run(&["sign", "plugin.wasm", "--key", "new.private.pem"])
        .ended(0);
    let json = inspect(&["old.public.pem", "new.public.pem"])
        .ended(0)
        .json();
    assert_eq!(json["signed-by"].as_str().map(str::len), Some(64), "{json}");
    inspect(&["other.public.pem"]).ended(3);
    inspect(&["old.private.pem"]).failed(2, "expected an Ed25519 public key");
    let json = inspect(&[]).ended(0).json();
    assert!(json.get("signed-by").is_none(), "{json}");
}

fn a_gateway_takes_what_its_key_signed(desk: &Desk) {
    desk.run(&["keys", "new", "keys"]).ended(0);
    desk.run(&["sign", "--new-key", "release"]).ended(0);
    desk.run(&["sign", "--new-key", "other"]).ended(0);
    let settings = "public-url = \"http://localhost:7400\"\nstore = \"sqlite:mfa.db\"\nkeys = \"file:keys\"\n\
                    directory = \"sqlite:directory.db\"\n[plugin]\nfile = \"plugin.wasm\"\nsigned-by = [\"release.public.pem\"]\n";
    desk.write("gateway.toml", settings.as_bytes());
    // What a check does not make.
    let companies = [
        "company",
        "add",
        "acme",
        "--name",
        "Acme",
        "--directory",
        "sqlite:directory.db",
    ];
    desk.run(&companies).ended(0);
    let policy = ["policy", "profiles"];
    desk.run(&policy).ended(0);
    desk.write("mfa.db", b"");
    let check = ["serve", "--check", "--config", "gateway.toml"];
    desk.run(&check).failed(2, "plugin.signed-by: ");
    desk.run(&["sign", "plugin.wasm", "--key", "other.private.pem"])
        .ended(0);
    desk.run(&check).failed(2, "plugin.signed-by: ");
    let sign = [
        "sign",
        "plugin.wasm",
        "--key",
        "release.private.pem",
        "--force",
    ];
    let signed = desk.run(&sign).ended(0).out;
    let key = signed.split_whitespace().last().expect("it names the key");
    let found = desk.run(&check).ended(0).out;
    assert!(found.contains(key), "{key}: {found}");
}
