//! Users of the binding service, and the WeChat to which each is bound.

use std::sync::Mutex;

use super::refusal::BindingRefusal;
use crate::lock::lock;
use crate::state::wechat_person::WechatPerson;

/// Accounts of all people, by the number of the person.
#[derive(Debug)]
pub(crate) struct Accounts {
    users: Vec<User>,
    /// Number of the person to whose WeChat each user is bound: the user's own, or that of a person
    /// with the SMS code.
    holders: Mutex<Vec<Option<usize>>>,
}

#[derive(Debug)]
struct User {
    mobile: Option<String>,
    company: bool,
}

impl Accounts {
    pub(crate) fn new(people: &[WechatPerson]) -> Self {
        let user = |it: &WechatPerson| User {
            mobile: it.mobile_number().map(str::to_owned),
            company: it.is_company(),
        };
        let holders = people
            .iter()
            .enumerate()
            .map(|(number, it)| it.is_bound().then_some(number))
            .collect();
        Self {
            users: people.iter().map(user).collect(),
            holders: Mutex::new(holders),
        }
    }

    /// Returns the user with this mobile number.
    pub(crate) fn of(&self, mobile: &str) -> Option<usize> {
        self.users
            .iter()
            .position(|it| it.mobile.as_deref() == Some(mobile))
    }

    /// Returns the user of this kind who is bound to the person's WeChat.
    pub(crate) fn bound_to(&self, person: usize, company: bool) -> Option<usize> {
        self.held_by(&lock(&self.holders), person, company)
    }

    /// Returns whether a user is bound to the person's WeChat.
    pub(crate) fn is_bound(&self, person: usize) -> bool {
        lock(&self.holders).contains(&Some(person))
    }

    /// Binds the user to the person's WeChat, unless one of them is bound otherwise.
    pub(crate) fn bind(&self, user: usize, person: usize) -> Result<(), BindingRefusal> {
        let mut holders = lock(&self.holders);
        let other = self
            .held_by(&holders, person, self.users[user].company)
            .filter(|it| *it != user);
        match holders[user] {
            Some(holder) if holder != person => Err(BindingRefusal::AlreadyBound),
            _ if other.is_some() => Err(BindingRefusal::BindFailed),
            _ => {
                holders[user] = Some(person);
                Ok(())
            }
        }
    }

    /// Binds the person's own account to the person's WeChat, in place of any other binding.
    pub(crate) fn bind_own(&self, person: usize) {
        self.unbind(person);
        lock(&self.holders)[person] = Some(person);
    }

    /// Removes all bindings of the person's WeChat.
    pub(crate) fn unbind(&self, person: usize) {
        for holder in lock(&self.holders)
            .iter_mut()
            .filter(|it| **it == Some(person))
        {
            *holder = None;
        }
    }

    fn held_by(&self, holders: &[Option<usize>], person: usize, company: bool) -> Option<usize> {
        (0..self.users.len())
            .find(|user| holders[*user] == Some(person) && self.users[*user].company == company)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_has_one_wechat_and_a_wechat_one_user_of_each_kind() {
        let accounts = Accounts::new(&WechatPerson::examples());
        assert_eq!(
            (accounts.bound_to(0, false), accounts.bound_to(0, true)),
            (Some(0), None)
        );
        assert_eq!(
            (accounts.bound_to(2, true), accounts.bound_to(2, false)),
            (Some(2), None)
        );
        assert_eq!(accounts.bind(0, 1), Err(BindingRefusal::AlreadyBound));
        assert_eq!(accounts.bind(1, 0), Err(BindingRefusal::BindFailed));
        assert_eq!(
            accounts.bind(1, 2),
            Ok(()),
            "a person and a company may share a WeChat"
        );
        assert_eq!(accounts.bind(1, 2), Ok(()), "again");
        accounts.unbind(2);
        assert!(!accounts.is_bound(2));
        accounts.bind_own(1);
        assert_eq!(accounts.bound_to(1, false), accounts.of("13800000002"));
    }
}
