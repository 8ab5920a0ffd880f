//! The commands that work on a store, on files of SQLite as a gateway would have them.

mod copies;
mod directory;
mod events;
mod journey;
mod keys;
mod people;
mod policies;
mod refusals;
mod users;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::{Ran, countersign, run, scratch};

/// A directory with keys and, once somebody writes to it, a store.
struct Place(PathBuf);

impl Place {
    /// Makes an empty one, with keys.
    fn new(name: &str) -> Self {
        let path = scratch("stores").join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("it can be made");
        let place = Self(path);
        run(&["keys", "new", &place.path("keys")]).ended(0);
        place
    }

    /// Makes one with the policy `procore` for everybody, and users.
    fn with_users(name: &str, count: &str) -> Self {
        let place = Self::new(name);
        place.put_policy();
        place.run(&["seed-users", count]).ended(0);
        place
    }

    fn path(&self, name: &str) -> String {
        let path = self.0.join(name);
        path.to_str().expect("it is UTF-8").to_owned()
    }

    fn write(&self, name: &str, content: &str) -> String {
        fs::write(self.0.join(name), content).expect("it can be written");
        self.path(name)
    }

    fn put_policy(&self) {
        let policy = run(&["policy", "profiles", "--json", "procore"]).ended(0);
        let file = self.write("policy.json", &policy.out);
        self.run(&["policy", "put", "*", &file, "--new", "--operator", "op"])
            .ended(0);
    }

    /// Runs the command on the store `mfa.db`.
    fn run(&self, args: &[&str]) -> Ran {
        self.run_on(&format!("sqlite:{}", self.path("mfa.db")), args)
    }

    /// Runs the command on a store, which the environment names.
    fn run_on(&self, store: &str, args: &[&str]) -> Ran {
        let mut command = countersign(args);
        command.env("COUNTERSIGN_STORE", store);
        command.env("COUNTERSIGN_KEYS", format!("file:{}", self.path("keys")));
        Ran::of(command.output().expect("it starts"))
    }

    /// Runs the command, and reads the JSON that it prints.
    fn json(&self, args: &[&str]) -> Value {
        json(&self.run(args).ended(0).out)
    }

    /// What stands in the key file behind the states.
    fn secrets(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("keys")).expect("it is there");
        let secrets = text.lines().filter_map(|it| it.split(' ').nth(1));
        secrets.map(str::to_owned).collect()
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
