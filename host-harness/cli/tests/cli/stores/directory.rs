//! The people of a gateway, in a directory that is a file.

use countersign_gateway::Passwords;
use countersign_gateway::directory::{
    Directory, Level, SessionId, SqliteDirectory, StoredSession, User,
};
use serde_json::{Value, json};

use super::people::Gateway;
use super::users::trusting_policy;
use super::{Place, json};
use crate::{Ran, countersign, run_with_input};

impl Place {
    fn directory(&self) -> String {
        format!("sqlite:{}", self.path("people.db"))
    }

    /// Runs the command on the directory `people.db` and the store `mfa.db`.
    fn people(&self, args: &[&str]) -> Ran {
        let mut command = countersign(args);
        command.env("COUNTERSIGN_DIRECTORY", self.directory());
        command.env(
            "COUNTERSIGN_STORE",
            format!("sqlite:{}", self.path("mfa.db")),
        );
        command.env("COUNTERSIGN_KEYS", format!("file:{}", self.path("keys")));
        Ran::of(command.output().expect("it starts"))
    }

    fn with_companies(name: &str) -> Self {
        let place = Self::new(name);
        for (id, name) in [("acme", "Acme Ltd"), ("globex", "Globex")] {
            let add = ["company", "add", id, "--name", name];
            place.people(&add).ended(0);
        }
        place
    }

    fn listed(&self, args: &[&str]) -> Value {
        let list = [&["user", "list", "--json"], args].concat();
        json(&self.people(&list).ended(0).out)
    }

    async fn user(&self, name: &str) -> User {
        let directory = SqliteDirectory::open(self.path("people.db")).await;
        let found = directory.expect("it opens").user_named(name).await;
        found.expect("it answers").expect("they are there")
    }

    async fn takes(&self, name: &str, password: &str) -> bool {
        let kept = self.user(name).await.password;
        let checked = Passwords::new(1).check(password, kept.as_ref()).await;
        checked.expect("it is compared")
    }
}

#[tokio::test]
async fn somebody_is_added_with_companies_roles_and_a_password_that_is_printed() {
    let place = Place::with_companies("directory-add");
    let add = "user add Mia --email mia@example.com --company acme --company globex:admin \
               --role acme:payor --operator --generate";
    let added = place.people(&add.split_whitespace().collect::<Vec<_>>());
    let added = added.ended(0).out;
    let (_, password) = added.split_once("password: ").expect("it is printed");
    assert!(place.takes("mia", password.trim_end()).await);
    let mia = &place.listed(&[])[0];
    let id = mia["id"].as_str().expect("she has one");
    assert!(id.starts_with("user-") && id.len() == 37, "{id}");
    assert!(added.contains(id), "{added}");
    let expected = json!({
        "id": id, "name": "Mia", "email": "mia@example.com", "operator": true, "active": true,
        "enrolled-before": false, "has-password": true,
        "companies": [
            { "company": "acme", "admin": false, "roles": ["payor"], "active": true },
            { "company": "globex", "admin": true, "roles": [], "active": true },
        ],
    });
    assert_eq!(mia, &expected);
    let table = place.people(&["user", "list"]).ended(0).out;
    assert!(table.contains("acme (payor), globex:admin"), "{table}");
    assert!(!table.contains(password.trim_end()) && !table.contains("argon2"));
    assert_eq!(place.listed(&["--company", "other"]), json!([]));
}

#[tokio::test]
async fn a_password_is_read_from_the_standard_input_and_never_repeated() {
    let place = Place::with_companies("directory-stdin");
    let directory = place.directory();
    let add = [
        "user",
        "add",
        "ben",
        "--id",
        "b-1",
        "--password-stdin",
        "--directory",
        &directory,
    ];
    for bad in ["short", "passwordpassword", "two lines of it\nindeed\n", ""] {
        let refused = run_with_input(&add, bad).ended(2);
        for shown in [&refused.out, &refused.err] {
            assert!(bad.is_empty() || !shown.contains(bad.trim_end()), "{shown}");
        }
    }
    assert_eq!(place.listed(&[]), json!([]));
    let added = run_with_input(&add, " ponies on the moon \n").ended(0).out;
    assert!(
        added.contains("b-1") && !added.contains("ponies"),
        "{added}"
    );
    assert!(place.takes("ben", " ponies on the moon ").await);
    assert!(!place.takes("ben", "ponies on the moon").await);
}

#[test]
fn without_a_terminal_a_password_is_not_waited_for() {
    let place = Place::with_companies("directory-terminal");
    let refused = place.people(&["user", "add", "mia"]).ended(2).err;
    assert!(
        refused.contains("--password-stdin or --generate"),
        "{refused}"
    );
}

#[test]
fn names_and_companies_that_do_not_fit_are_answered_with_no() {
    let place = Place::with_companies("directory-refusals");
    let add = ["user", "add", "mia", "--generate"];
    place.people(&add).ended(0);
    for (args, code, words) in [
        (
            &["user", "add", "MIA", "--generate"][..],
            4,
            "the name is taken",
        ),
        (
            &["user", "add", "ben", "--company", "other", "--generate"],
            4,
            "no such company",
        ),
        (
            &["user", "add", "ben", "--email", "nobody", "--generate"],
            2,
            "email: expected one address",
        ),
        (
            &["user", "companies", "mia", "--role", "acme:payor"],
            2,
            "--role acme:payor: expected ID:ROLE",
        ),
        (&["user", "companies", "ben"], 4, "ben: no such user"),
        (&["user", "disable", "ben"], 4, "ben: no such user"),
        (
            &["user", "passwd", "ben", "--generate"],
            4,
            "ben: no such user",
        ),
        (
            &["company", "add", "*", "--name", "All"],
            2,
            "no * at the start",
        ),
    ] {
        let refused = place.people(args).ended(code).err;
        assert!(refused.contains(words), "{refused}");
    }
    let users = place.listed(&[]);
    assert_eq!(users.as_array().map(Vec::len), Some(1), "{users}");
}

/// The gateway runs meanwhile, in this process.
#[tokio::test]
async fn somebody_is_disabled_enabled_and_moved_between_companies_of_a_gateway_that_runs() {
    let place = Place::with_companies("directory-changes");
    let gateway = SqliteDirectory::open(place.path("people.db")).await;
    let gateway = gateway.expect("it opens");
    let add = "user add Mia --id m-1 --company acme --generate";
    let add: Vec<&str> = add.split(' ').collect();
    place.people(&add).ended(0);
    let session = StoredSession {
        id: SessionId([1; 32]),
        user: "m-1".to_owned(),
        level: Level::Open,
        sealed: Vec::new(),
        version: 0,
        ends_at: 100,
    };
    let id = session.id;
    gateway.add_session(session).await.expect("it opens");
    let mia = async || {
        let mia = gateway.user("m-1").await.expect("it answers");
        mia.expect("she is there")
    };
    for (action, is_active) in [("disable", false), ("enable", true)] {
        place.people(&["user", action, "mia"]).ended(0);
        assert_eq!(mia().await.is_active, is_active);
        let session = gateway.session(&id, 1).await.expect("it answers");
        assert!(session.is_none(), "the session goes on");
    }
    let set = ["user", "companies", "mia", "--company", "globex:admin"];
    let told = place.people(&set).ended(0).out;
    assert_eq!(told, "set: Mia belongs to globex:admin\n");
    let of = gateway.users(Some("globex"), None, 9).await;
    assert_eq!(of.expect("it lists"), [mia().await]);
    assert_eq!(place.listed(&["--company", "acme"]), json!([]));
    place.people(&["user", "companies", "mia"]).ended(0);
    assert_eq!(mia().await.memberships, []);
}

#[tokio::test]
async fn a_new_password_is_told_to_the_plugin() {
    let place = Place::with_companies("directory-passwd");
    let add = ["user", "add", "mia", "--id", "mia-1", "--generate"];
    place.people(&add).ended(0);
    // Nothing is changed where the plugin could not be told.
    let before = place.user("mia").await.password;
    place
        .people(&["user", "passwd", "mia", "--generate"])
        .ended(2);
    assert_eq!(place.user("mia").await.password, before);
    trusting_policy(&place);
    let mia = {
        let gateway = Gateway::on(&place, "mfa.db").await;
        let mia = gateway.enroll("mia-1").await;
        assert!(gateway.takes_device(&mia).await);
        mia
    };
    let told = place.people(&["user", "passwd", "MIA", "--generate"]);
    let told = told.ended(0).out;
    let (_, password) = told.split_once("password: ").expect("it is printed");
    assert!(place.takes("mia", password.trim_end()).await);
    let gateway = Gateway::on(&place, "mfa.db").await;
    gateway.catch_up();
    assert!(
        !gateway.takes_device(&mia).await,
        "the browser is trusted still"
    );
}

#[tokio::test]
async fn a_password_can_be_set_before_there_is_a_store_and_that_is_said() {
    let place = Place::with_companies("directory-alone");
    place.people(&["user", "add", "mia", "--generate"]).ended(0);
    let before = place.user("mia").await.password;
    let passwd = ["user", "passwd", "mia", "--generate", "--without-plugin"];
    let told = place.people(&passwd).ended(0).out;
    assert!(told.contains("the plugin was not told"), "{told}");
    assert_ne!(place.user("mia").await.password, before);
}

#[test]
fn a_directory_has_an_address_that_is_not_repeated() {
    for address in ["memory:", "mysql://u:hunter2@db/x", "hunter2"] {
        let mut command = countersign(&["user", "list"]);
        command.env("COUNTERSIGN_DIRECTORY", address);
        let refused = Ran::of(command.output().expect("it starts")).ended(2).err;
        assert!(
            refused.contains("--directory: expected sqlite:PATH"),
            "{refused}"
        );
        assert!(!refused.contains("hunter2"), "{refused}");
    }
    let mut command = countersign(&["user", "list"]);
    command.env(
        "COUNTERSIGN_DIRECTORY",
        "postgres://u:hunter2@127.0.0.1:1/x",
    );
    let refused = Ran::of(command.output().expect("it starts")).ended(1).err;
    assert!(!refused.contains("hunter2"), "{refused}");
    let refused = crate::run(&["user", "list"]).ended(2).err;
    assert!(refused.contains("COUNTERSIGN_DIRECTORY"), "{refused}");
    let place = Place::new("directory-missing");
    let refused = place.people(&["user", "list"]).ended(2).err;
    assert!(
        refused.contains("expected a file that is there"),
        "{refused}"
    );
}
