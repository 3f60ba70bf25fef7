use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::super::endpoint::{Endpoint, SchoolTokenSource};
use super::cache::Cache;
use crate::error::{Error, ErrorKind};
use crate::identity::{IdentityType, Member, SchoolIdentityType};
use crate::token::TokenCache;

/// The identity types of one school (成员身份类型), through a cache; from
/// [`WeikaMemberClient::identity_types`](super::super::WeikaMemberClient::identity_types). Clones
/// share it.
///
/// 1. A list is fresh for 1 hour by default. A fresh list causes no call and no wait.
/// 2. Without a fresh list, all callers wait for one call (single-flight). It runs in a task:
///    callers that stop waiting neither cancel nor repeat it.
/// 3. If the call fails, a list that is at most 24 hours old is still served. Without one, all
///    waiting callers get the error.
/// 4. After a failure there is no other call for 10 seconds; callers in between get the old list or
///    the same error.
#[derive(Clone)]
pub struct IdentityTypes(Arc<Cache>);

impl IdentityTypes {
    pub(in super::super) fn new(
        endpoint: Arc<Endpoint>,
        tokens: TokenCache<SchoolTokenSource>,
        time_to_live: Duration,
    ) -> Self {
        Self(Arc::new(Cache::new(endpoint, tokens, time_to_live)))
    }

    pub(in super::super) fn tokens(&self) -> &TokenCache<SchoolTokenSource> {
        &self.0.tokens
    }

    /// Returns the list of the school, and calls Weika if there is no fresh one.
    ///
    /// # Errors
    ///
    /// Those of [`school_token`](super::super::WeikaMemberClient::school_token); see
    /// [`ErrorKind`] for the rest.
    pub async fn list(&self) -> Result<Arc<[SchoolIdentityType]>, Error> {
        self.0.list().await
    }

    /// Returns the entry of the member's identity type, or `None` if the school's list has none.
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](ErrorKind::Configuration) if the member is of another
    /// school: choose the list by [`Member::school_code`]. Those of [`list`](Self::list). An error is not the absence of a right: respond with `503`,
    /// not with `403`.
    pub async fn of(&self, member: &Member) -> Result<Option<SchoolIdentityType>, Error> {
        if member.school_code() != self.0.school_code() {
            let context = "the list of identity types is of another school than the member";
            return Err(Error::new(ErrorKind::Configuration, context));
        }
        if member.identity_type.is_empty() {
            return Ok(None);
        }
        let list = self.list().await?;
        let entry = list.iter().find(|entry| entry.id == member.identity_type);
        Ok(entry.cloned())
    }

    /// Returns whether the school's list classifies the member's identity type like this: a
    /// condition for a guard that is independent of the school's numbers.
    ///
    /// ```
    /// use tower_weika::Error;
    /// use tower_weika::client::weika_member::IdentityTypes;
    /// use tower_weika::identity::{IdentityType, Member};
    ///
    /// async fn may_lend(types: &IdentityTypes, member: &Member) -> Result<bool, Error> {
    ///     types.classifies(member, IdentityType::Staff).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`of`](Self::of).
    pub async fn classifies(
        &self,
        member: &Member,
        classification: IdentityType,
    ) -> Result<bool, Error> {
        let entry = self.of(member).await?;
        Ok(entry.is_some_and(|entry| entry.classification == Some(classification)))
    }

    /// Drops the list. A running call serves the callers that wait for it.
    pub fn invalidate(&self) {
        self.0.invalidate();
    }
}

impl fmt::Debug for IdentityTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityTypes")
            .field("school_code", &self.0.school_code())
            .finish_non_exhaustive()
    }
}
