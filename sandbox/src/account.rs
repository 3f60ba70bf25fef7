//! The users of the binding service, and to whose WeChat each is bound.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::binding::BindingRefusal;
use super::follower::Follower;

/// One user's account for each follower, by the follower's number.
#[derive(Debug)]
pub(super) struct Accounts {
    users: Vec<User>,
    /// The follower to whose WeChat the user is bound: the own one, or another one who knew the SMS.
    holders: Mutex<Vec<Option<usize>>>,
}

#[derive(Debug)]
struct User {
    mobile: Option<String>,
    company: bool,
}

impl Accounts {
    pub(super) fn new(followers: &[Follower]) -> Self {
        let user = |it: &Follower| User { mobile: it.mobile_number().map(str::to_owned), company: it.is_company() };
        let holders = followers.iter().enumerate().map(|(number, it)| it.is_bound().then_some(number)).collect();
        Self { users: followers.iter().map(user).collect(), holders: Mutex::new(holders) }
    }

    /// The user with this mobile number.
    pub(super) fn of(&self, mobile: &str) -> Option<usize> {
        self.users.iter().position(|it| it.mobile.as_deref() == Some(mobile))
    }

    /// The user of this kind who is bound to the follower's WeChat.
    pub(super) fn bound_to(&self, follower: usize, company: bool) -> Option<usize> {
        self.held_by(&self.holders(), follower, company)
    }

    /// Whether anybody is bound to the follower's WeChat.
    pub(super) fn is_bound(&self, follower: usize) -> bool {
        self.holders().contains(&Some(follower))
    }

    /// Binds the user to the follower's WeChat, as far as neither is bound otherwise.
    pub(super) fn bind(&self, user: usize, follower: usize) -> Result<(), BindingRefusal> {
        let mut holders = self.holders();
        let other = self.held_by(&holders, follower, self.users[user].company).filter(|it| *it != user);
        match holders[user] {
            Some(holder) if holder != follower => Err(BindingRefusal::AlreadyBound),
            _ if other.is_some() => Err(BindingRefusal::BindFailed),
            _ => {
                holders[user] = Some(follower);
                Ok(())
            }
        }
    }

    /// Binds the follower's own account to the follower's WeChat, whatever was before.
    pub(super) fn bind_own(&self, follower: usize) {
        self.unbind(follower);
        self.holders()[follower] = Some(follower);
    }

    /// Takes the follower's WeChat from whoever is bound to it.
    pub(super) fn unbind(&self, follower: usize) {
        for holder in self.holders().iter_mut().filter(|it| **it == Some(follower)) {
            *holder = None;
        }
    }

    fn held_by(&self, holders: &[Option<usize>], follower: usize, company: bool) -> Option<usize> {
        (0..self.users.len()).find(|user| holders[*user] == Some(follower) && self.users[*user].company == company)
    }

    fn holders(&self) -> MutexGuard<'_, Vec<Option<usize>>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_has_one_wechat_and_one_wechat_one_user_of_a_kind() {
        let accounts = Accounts::new(&Follower::examples());
        assert_eq!((accounts.bound_to(0, false), accounts.bound_to(0, true)), (Some(0), None));
        assert_eq!((accounts.bound_to(2, true), accounts.bound_to(2, false)), (Some(2), None));
        assert_eq!(accounts.bind(0, 1), Err(BindingRefusal::AlreadyBound));
        assert_eq!(accounts.bind(1, 0), Err(BindingRefusal::BindFailed));
        assert_eq!(accounts.bind(1, 2), Ok(()), "a person and a company may share a WeChat");
        assert_eq!(accounts.bind(1, 2), Ok(()), "again");
        accounts.unbind(2);
        assert!(!accounts.is_bound(2));
        accounts.bind_own(1);
        assert_eq!(accounts.bound_to(1, false), accounts.of("13800000002"));
    }
}
