//! A directory in memory with what notices need: people, companies and counts. All else it does not answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use countersign_gateway::directory::{
    Company, Counted, Directory, DirectoryError, Member, NewUser, PasswordHash, SessionId,
    StoredSession, User, Voucher,
};

#[derive(Default)]
pub(crate) struct People(Mutex<State>);

#[derive(Default)]
struct State {
    users: BTreeMap<String, User>,
    companies: BTreeMap<String, Company>,
    counts: HashMap<[u8; 32], (u32, u64)>,
    /// Whose sessions were ended, each time.
    ended: Vec<String>,
}

impl People {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whose sessions were ended.
    pub(crate) fn ended(&self) -> Vec<String> {
        self.state().ended.clone()
    }
}

type Answer<T> = Result<T, DirectoryError>;

fn none<T>() -> Answer<T> {
    Err(DirectoryError::Unavailable("it has none".to_owned()))
}

#[async_trait]
impl Directory for People {
    async fn add_user(&self, new: NewUser) -> Answer<()> {
        let user = User {
            id: new.id.clone(),
            name: new.name,
            email: new.email,
            password: new.password,
            is_operator: new.is_operator,
            is_active: true,
            was_enrolled: false,
            memberships: new.memberships,
        };
        self.state().users.insert(new.id, user);
        Ok(())
    }

    async fn user(&self, id: &str) -> Answer<Option<User>> {
        Ok(self.state().users.get(id).cloned())
    }

    async fn user_named(&self, _: &str) -> Answer<Option<User>> {
        none()
    }

    async fn users(
        &self,
        company: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Answer<Vec<User>> {
        let state = self.state();
        let is_member =
            |it: &&User| company.is_none_or(|id| it.memberships.iter().any(|of| of.company == id));
        let later = |it: &&User| after.is_none_or(|id| it.id.as_str() > id);
        let users = state.users.values().filter(is_member).filter(later);
        Ok(users.take(limit).cloned().collect())
    }

    async fn set_password(&self, _: &str, _: PasswordHash, _: Option<&SessionId>) -> Answer<()> {
        none()
    }

    async fn set_memberships(&self, _: &str, _: Vec<Member>) -> Answer<()> {
        none()
    }

    async fn set_active(&self, id: &str, is_active: bool) -> Answer<()> {
        let mut state = self.state();
        let user = state.users.get_mut(id);
        user.ok_or(DirectoryError::Unknown("person"))?.is_active = is_active;
        Ok(())
    }

    async fn note_enrolled(&self, id: &str) -> Answer<()> {
        if let Some(user) = self.state().users.get_mut(id) {
            user.was_enrolled = true;
        }
        Ok(())
    }

    async fn put_company(&self, company: Company) -> Answer<()> {
        self.state().companies.insert(company.id.clone(), company);
        Ok(())
    }

    async fn companies(&self) -> Answer<Vec<Company>> {
        Ok(self.state().companies.values().cloned().collect())
    }

    async fn add_session(&self, _: StoredSession) -> Answer<()> {
        none()
    }

    async fn session(&self, _: &SessionId, _: u64) -> Answer<Option<StoredSession>> {
        none()
    }

    async fn replace_session(&self, _: &StoredSession) -> Answer<bool> {
        none()
    }

    async fn rotate_session(&self, _: &SessionId, _: u64, _: StoredSession) -> Answer<bool> {
        none()
    }

    async fn end_session(&self, _: &SessionId) -> Answer<()> {
        none()
    }

    async fn end_sessions(&self, user: &str, _: Option<&SessionId>) -> Answer<()> {
        self.state().ended.push(user.to_owned());
        Ok(())
    }

    async fn put_voucher(&self, _: Voucher) -> Answer<()> {
        none()
    }

    async fn spend_voucher(&self, _: &str, _: &[u8; 32], _: u64) -> Answer<bool> {
        none()
    }

    async fn count(&self, key: &[u8; 32], now: u64, ends_at: u64, ceiling: u32) -> Answer<Counted> {
        let mut state = self.state();
        let count = state.counts.entry(*key).or_insert((0, ends_at));
        if count.1 <= now {
            *count = (0, ends_at);
        }
        if count.0 >= ceiling {
            return Ok(Counted::Full { ends_at: count.1 });
        }
        count.0 += 1;
        Ok(Counted::Nth(count.0))
    }

    async fn uncount(&self, key: &[u8; 32]) -> Answer<()> {
        self.state().counts.remove(key);
        Ok(())
    }

    async fn collect(&self, _: u64) -> Answer<u64> {
        none()
    }

    async fn ping(&self) -> Answer<()> {
        Ok(())
    }
}
