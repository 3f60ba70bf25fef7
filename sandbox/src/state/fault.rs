//! Faults: failures that a test switches on for an endpoint, a counted number of times.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;

use super::gate::Gate;
use crate::endpoint::Endpoint;
use crate::lock::lock;
use crate::provenance::with_provenance;

with_provenance! {
    /// Failure of one call.
    ///
    /// Some faults happen *before* the call is handled, so that no code is consumed; some happen
    /// *after*, so that the code is consumed although the application does not learn whose it was.
    /// Each fault says which.
    #[derive(Clone, PartialEq, Debug)]
    #[non_exhaustive]
    pub enum Fault {
        /// The connection is reset (TCP RST) before the call is handled.
        ResetBefore: Observed, "binarywang/WxJava#1626";
        /// The call is handled, then the connection is reset instead of a response.
        ResetAfter: Observed, "binarywang/WxJava#1626";
        /// The call is handled, and the response is sent this much later.
        Delay(Duration): Observed, "w7corp/easywechat#481: 0.4 s to 20 s";
        /// The call is handled, and no response is ever sent.
        Hang: Observed, "w7corp/easywechat#481: until the time-out";
        /// The call is handled, and the response waits until the [`Gate`] opens.
        Held(Gate): Inferred, "a delay that a test can end";
        /// The call is handled, and the second half of the response's body is missing.
        TruncatedBody: Inferred, "a connection that breaks in the middle";
        /// The call is handled, and the response has no body.
        EmptyBody: Inferred, "a gateway gone wrong";
        /// The call is handled, and 10 MiB of spaces precede the body.
        HugeBody: Inferred, "a gateway gone wrong";
        /// `502` with an HTML page of a gateway; the call is not handled.
        BadGateway: Inferred, "a gateway whose backend is down";
        /// `429` with a page in HTML and `Retry-After: 1`; the call is not handled.
        TooManyRequests: Inferred, "the quota of a gateway; WeChat itself answers 45009";
        /// A redirect (`302`) to this address; the call is not handled.
        Redirect(String): Inferred, "a captive or moved gateway";
        /// A failure with this `errcode`, a number or a string; the call is not handled. At the
        /// binding service it is the `code`, at Kesion the `returnCode` beside `"result": false`.
        Errcode(Value): Documented, "the error tables; -1 (busy) by analogy with WeChat";
        /// `40005` for every token, as if a newer one had replaced it. The call is not handled.
        NotLatest: Observed, "silenceper/wechat#516, JeffreySu/WeiXinMPSDK#3029";
        /// The token's `expires_in` (at the binding service: `expire`) is this, or missing. The
        /// life of the token does not change.
        ExpiresIn(Option<Value>): Inferred, "a clock that is wrong, or a slip";
        /// The `ocode` of the member login's reply is that of another school.
        OtherSchool: Inferred, "one app_key at several schools";
        /// A suffix is appended to the `state` when the browser is sent back.
        AlteredState(String): Observed, "w7corp/easywechat#2285: Maxthon appends its own address";
        /// The browser is sent back without a `state`.
        StateMissing: Inferred, "parameters get lost on the way, juejin 7498195018692771879";
        /// The browser is sent back with the code that was issued last, possibly to another person.
        SameCode: Observed, "developers.weixin.qq.com/community oCJUsw91u9BZZ8Jx3Xrw8KGHoun4";
    }
}

impl Fault {
    /// Returns the fault that appends Maxthon's address to the `state`, as observed.
    #[must_use]
    pub fn altered_state() -> Self {
        Self::AlteredState("https://i.maxthon.cn".to_owned())
    }

    /// Returns whether the fault applies to `endpoint`. A fault that does not apply never happens.
    #[must_use]
    pub const fn applies_to(&self, endpoint: Endpoint) -> bool {
        match self {
            Self::ExpiresIn(_) => matches!(
                endpoint,
                Endpoint::AccessToken
                    | Endpoint::OpenId
                    | Endpoint::MemberToken
                    | Endpoint::SchoolToken
            ),
            Self::OtherSchool => matches!(
                endpoint,
                Endpoint::MemberToken | Endpoint::MemberInfo | Endpoint::SchoolToken
            ),
            Self::NotLatest => {
                matches!(
                    endpoint,
                    Endpoint::ManagerInfo | Endpoint::SchoolInfo | Endpoint::IdentityTypes
                )
            }
            Self::AlteredState(_) | Self::StateMissing | Self::SameCode => {
                matches!(
                    endpoint,
                    Endpoint::Approve | Endpoint::WechatApprove | Endpoint::MemberApprove
                )
            }
            _ => true,
        }
    }
}

/// Faults that are switched on and have not happened yet. Clones share them; they can be changed
/// while the sandbox runs.
///
/// The faults of an endpoint happen in the order in which they were switched on.
#[derive(Clone, Default, Debug)]
pub struct Faults(Arc<Mutex<Waiting>>);

type Waiting = HashMap<Endpoint, VecDeque<(Fault, Times)>>;

#[derive(Clone, Copy, Debug)]
enum Times {
    Left(u64),
    Always,
}

impl Faults {
    /// Switches on `fault` for the next call of `endpoint`.
    pub fn once(&self, endpoint: Endpoint, fault: Fault) {
        self.times(1, endpoint, fault);
    }

    /// Switches on `fault` for the next `times` calls of `endpoint`.
    pub fn times(&self, times: u64, endpoint: Endpoint, fault: Fault) {
        if times > 0 {
            self.add(endpoint, fault, Times::Left(times));
        }
    }

    /// Switches on `fault` for every call of `endpoint`, until [`clear`](Self::clear).
    pub fn always(&self, endpoint: Endpoint, fault: Fault) {
        self.add(endpoint, fault, Times::Always);
    }

    /// Switches off all faults.
    pub fn clear(&self) {
        self.waiting().clear();
    }

    /// Returns the faults of `endpoint` that have not happened yet, each once. Empty means that
    /// every fault that a test switched on has happened.
    #[must_use]
    pub fn pending(&self, endpoint: Endpoint) -> Vec<Fault> {
        let waiting = self.waiting();
        let faults = waiting.get(&endpoint).into_iter().flatten();
        faults.map(|(fault, _)| fault.clone()).collect()
    }

    /// Takes the fault of this call, if there is one.
    pub(crate) fn take(&self, endpoint: Endpoint) -> Option<Fault> {
        self.take_if(endpoint, |fault| fault.applies_to(endpoint))
    }

    /// Takes the fault of a redirect to the application that skips `approve`, the endpoint that
    /// usually redirects.
    pub(crate) fn take_for_redirect(&self, approve: Endpoint) -> Option<Fault> {
        self.take_if(approve, |fault| {
            fault.applies_to(approve) && !fault.applies_to(Endpoint::ManagerConnect)
        })
    }

    fn take_if(&self, endpoint: Endpoint, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut waiting = self.waiting();
        let faults = waiting.get_mut(&endpoint)?;
        let at = faults.iter().position(|(fault, _)| wanted(fault))?;
        match &mut faults[at].1 {
            Times::Left(1) => faults.remove(at).map(|(fault, _)| fault),
            Times::Left(times) => {
                *times -= 1;
                Some(faults[at].0.clone())
            }
            Times::Always => Some(faults[at].0.clone()),
        }
    }

    fn add(&self, endpoint: Endpoint, fault: Fault, times: Times) {
        self.waiting()
            .entry(endpoint)
            .or_default()
            .push_back((fault, times));
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_happen_in_order_and_as_often_as_asked() {
        let faults = Faults::default();
        faults.times(2, Endpoint::AccessToken, Fault::Hang);
        faults.times(0, Endpoint::AccessToken, Fault::BadGateway);
        faults.once(Endpoint::AccessToken, Fault::EmptyBody);
        faults.always(Endpoint::ManagerInfo, Fault::ResetAfter);
        let taken: Vec<_> = (0..4).map(|_| faults.take(Endpoint::AccessToken)).collect();
        assert_eq!(
            taken,
            [
                Some(Fault::Hang),
                Some(Fault::Hang),
                Some(Fault::EmptyBody),
                None
            ]
        );
        for _ in 0..3 {
            assert_eq!(faults.take(Endpoint::ManagerInfo), Some(Fault::ResetAfter));
        }
        faults.clear();
        assert_eq!(faults.take(Endpoint::ManagerInfo), None);
    }

    #[test]
    fn fault_of_another_endpoint_stays_pending_and_does_not_delay_the_next() {
        let faults = Faults::default();
        faults.once(Endpoint::AccessToken, Fault::SameCode);
        faults.once(Endpoint::AccessToken, Fault::ExpiresIn(None));
        assert_eq!(
            faults.take(Endpoint::AccessToken),
            Some(Fault::ExpiresIn(None))
        );
        assert_eq!(faults.take(Endpoint::AccessToken), None);
        assert_eq!(faults.pending(Endpoint::AccessToken), [Fault::SameCode]);
    }
}
