//! What every directory of a gateway must do: each promise of the trait, with real concurrency.

mod companies;
mod counts;
mod files;
mod people;
mod servers;
mod sessions;
mod vouchers;

use std::path::Path;
use std::sync::Arc;

use countersign_gateway::directory::{
    Company, Directory, Level, Member, NewUser, PasswordHash, SessionId, StoredSession, open,
};
use libtest_mimic::Trial;

use crate::kind;

pub(crate) fn trials() -> Vec<Trial> {
    let each = kind::Kind::ALL.into_iter();
    let mut trials: Vec<Trial> = each
        .flat_map(|kind| {
            let mut trials = people::trials(kind);
            trials.extend(companies::trials(kind));
            trials.extend(sessions::trials(kind));
            trials.extend(vouchers::trials(kind));
            trials.extend(counts::trials(kind));
            trials
        })
        .collect();
    trials.extend(files::trials());
    trials.extend(servers::trials());
    trials
}

/// An empty directory that nobody else uses. On a server it shares a database with a store of the plugin.
struct Place {
    directory: Arc<dyn Directory>,
    address: String,
    _store: kind::Place,
}

impl Place {
    async fn beside(store: kind::Place) -> Self {
        let address = match store.address.strip_prefix("sqlite:") {
            Some(path) => format!("sqlite:{}", beside(Path::new(path))),
            None => store.address.clone(),
        };
        Self {
            directory: open(&address).await.expect("it opens"),
            address,
            _store: store,
        }
    }

    /// Opens it once more, as another process would; one in memory is shared instead.
    async fn again(&self) -> Arc<dyn Directory> {
        match &*self.address {
            "memory:" => self.directory.clone(),
            address => open(address).await.expect("it opens twice"),
        }
    }

    /// Adds the company `acme`, and people of it.
    async fn with(self, people: &[&str]) -> Self {
        add_company(&*self.directory, "acme").await;
        for id in people {
            let user = NewUser {
                memberships: vec![member("acme")],
                ..user(id, id)
            };
            self.directory.add_user(user).await.expect("they are added");
        }
        self
    }
}

/// The trials of a kind of directory: functions of a [`Place`], by their names.
macro_rules! each {
    ($($name:ident,)*) => {
        pub(super) fn trials(kind: crate::kind::Kind) -> Vec<libtest_mimic::Trial> {
            vec![$(kind.trial(
                concat!("directory/", stringify!($name)),
                async |store| $name(super::Place::beside(store).await).await,
            )),*]
        }
    };
}
use each;

fn beside(store: &Path) -> String {
    store.with_file_name("people.db").display().to_string()
}

fn user(id: &str, name: &str) -> NewUser {
    NewUser {
        id: id.to_owned(),
        name: name.to_owned(),
        email: None,
        password: None,
        is_operator: false,
        memberships: Vec::new(),
    }
}

fn member(company: &str) -> Member {
    Member {
        company: company.to_owned(),
        is_admin: false,
        roles: Vec::new(),
        is_active: true,
    }
}

async fn add_company(directory: &dyn Directory, id: &str) {
    let company = Company {
        id: id.to_owned(),
        name: format!("{id} Ltd"),
    };
    directory.put_company(company).await.expect("it is added");
}

fn session(number: u8, user: &str) -> StoredSession {
    StoredSession {
        id: SessionId([number; 32]),
        user: user.to_owned(),
        level: Level::Pending,
        sealed: vec![number; 300],
        version: 0,
        ends_at: NOW + 100,
    }
}

fn password(text: &str) -> PasswordHash {
    PasswordHash(format!("$argon2id$v=19$m=8,t=1,p=1${text}"))
}

const NOW: u64 = 1_750_000_000;

/// As many as the brief moment of a race takes.
const RACERS: usize = 32;
