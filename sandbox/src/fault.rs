//! What can go wrong on the way: switched on for an endpoint, a counted number of times.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::endpoint::Endpoint;
use super::provenance::labelled;

labelled! {
    /// One thing that goes wrong with one call.
    ///
    /// Some faults come *before* the call is handled, so that nothing is spent; some come *after*, so that a
    /// code is spent although nobody learns whose it was. Each says which.
    #[derive(Clone, PartialEq, Debug)]
    #[non_exhaustive]
    pub enum Fault {
        /// The connection is reset (TCP RST) before the call is handled.
        ResetBefore: Observed, "binarywang/WxJava#1626";
        /// The call is handled, then the connection is reset instead of an answer.
        ResetAfter: Observed, "binarywang/WxJava#1626";
        /// The call is handled, and the answer comes this much later.
        Delay(Duration): Observed, "w7corp/easywechat#481: 0.4 s to 20 s";
        /// The call is handled, and the answer never comes.
        Hang: Observed, "w7corp/easywechat#481: until the time-out";
        /// The call is handled, and the answer waits until the [`Gate`] opens.
        Held(Gate): Inferred, "a delay that a test can end";
        /// The call is handled, and the second half of the answer's body is missing.
        TruncatedBody: Inferred, "a connection that breaks in the middle";
        /// The call is handled, and the answer has no body.
        EmptyBody: Inferred, "a gateway gone wrong";
        /// The call is handled, and the body is the right one after 10 MiB of blanks.
        HugeBody: Inferred, "a gateway gone wrong";
        /// `502` with a page in HTML, from something in between; the call is not handled.
        BadGateway: Inferred, "a gateway whose backend is down";
        /// `429` with a page in HTML and `Retry-After: 1`; the call is not handled.
        TooManyRequests: Inferred, "the quota of a gateway; WeChat itself answers 45009";
        /// A redirect (`302`) to this address; the call is not handled.
        Redirect(String): Inferred, "a captive or moved gateway";
        /// This `errcode`, a number or a string, instead of an answer; the call is not handled. At the binding
        /// service it is the `code`, at Kesion the `returnCode` beside `"result": false`.
        Errcode(Value): Documented, "the error tables; -1 (busy) by analogy with WeChat";
        /// `40005` for whatever token: a newer one has replaced it. The call is not handled.
        NotLatest: Observed, "silenceper/wechat#516, JeffreySu/WeiXinMPSDK#3029";
        /// The token's `expires_in` is this, or missing; at the binding service its `expire`. The token itself
        /// lives as long as ever.
        ExpiresIn(Option<Value>): Inferred, "a clock that is wrong, or a slip";
        /// Something is appended to the `state` on the way back.
        AlteredState(String): Observed, "w7corp/easywechat#2285: Maxthon appends its own address";
        /// The browser comes back without a `state`.
        StateMissing: Inferred, "parameters get lost on the way, juejin 7498195018692771879";
        /// The browser comes back with the code that was issued last, whoever that was for.
        SameCode: Observed, "developers.weixin.qq.com/community oCJUsw91u9BZZ8Jx3Xrw8KGHoun4";
    }
}

impl Fault {
    /// The `state` with Maxthon's own address appended, as seen in the wild.
    #[must_use]
    pub fn altered_state() -> Self {
        Self::AlteredState("https://i.maxthon.cn".to_owned())
    }

    /// Whether this can go wrong at `endpoint`. A fault that does not fit never happens.
    #[must_use]
    pub const fn fits(&self, endpoint: Endpoint) -> bool {
        match self {
            Self::ExpiresIn(_) => matches!(endpoint, Endpoint::AccessToken | Endpoint::OpenId),
            Self::NotLatest => matches!(endpoint, Endpoint::ManagerInfo | Endpoint::SchoolInfo),
            Self::AlteredState(_) | Self::StateMissing | Self::SameCode => {
                matches!(endpoint, Endpoint::Approve | Endpoint::WechatApprove)
            }
            _ => true,
        }
    }
}

/// Holds answers back until it is opened; clones are the same gate.
///
/// ```
/// use tower_weika_sandbox::{Browser, Endpoint, Fault, Gate, Sandbox};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let sandbox = Sandbox::start().await?;
/// let gate = Gate::new();
/// sandbox.faults().once(Endpoint::ManagerConnect, Fault::Held(gate.clone()));
///
/// let url = format!("{}/open/auth/manager-connect", sandbox.base_url());
/// let waiting = tokio::spawn(async move { Browser::new().get(&url).await });
/// sandbox.ledger().reached(Endpoint::ManagerConnect, 1).await;
/// assert!(!waiting.is_finished());
/// gate.open();
/// assert_eq!(waiting.await??.status(), 400);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Lets everything through, now and later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn passed(&self) {
        let mut open = self.0.subscribe();
        // Fails only without a sender, and `self` holds one.
        let _open = open.wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The faults that are still to come. Clones are the same switchboard; it may be used while the sandbox runs.
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
    /// `fault` happens to the next call of `endpoint`.
    pub fn once(&self, endpoint: Endpoint, fault: Fault) {
        self.times(1, endpoint, fault);
    }

    /// `fault` happens to the next `times` calls of `endpoint`.
    pub fn times(&self, times: u64, endpoint: Endpoint, fault: Fault) {
        if times > 0 {
            self.add(endpoint, fault, Times::Left(times));
        }
    }

    /// `fault` happens to every call of `endpoint`, until [`clear`](Self::clear).
    pub fn always(&self, endpoint: Endpoint, fault: Fault) {
        self.add(endpoint, fault, Times::Always);
    }

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        self.waiting().clear();
    }

    /// The faults that `endpoint` has still to suffer, each once. Empty means that what a test switched on
    /// has really happened.
    #[must_use]
    pub fn pending(&self, endpoint: Endpoint) -> Vec<Fault> {
        let waiting = self.waiting();
        let faults = waiting.get(&endpoint).into_iter().flatten();
        faults.map(|(fault, _)| fault.clone()).collect()
    }

    /// The fault of this call, if it has one.
    pub(super) fn take(&self, endpoint: Endpoint) -> Option<Fault> {
        self.take_if(endpoint, |fault| fault.fits(endpoint))
    }

    /// The fault of a way back to the application that skips `approve`, the page that usually leads back.
    pub(super) fn take_on_the_way_back(&self, approve: Endpoint) -> Option<Fault> {
        self.take_if(approve, |fault| fault.fits(approve) && !fault.fits(Endpoint::ManagerConnect))
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
        self.waiting().entry(endpoint).or_default().push_back((fault, times));
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert_eq!(taken, [Some(Fault::Hang), Some(Fault::Hang), Some(Fault::EmptyBody), None]);
        for _ in 0..3 {
            assert_eq!(faults.take(Endpoint::ManagerInfo), Some(Fault::ResetAfter));
        }
        faults.clear();
        assert_eq!(faults.take(Endpoint::ManagerInfo), None);
    }

    #[test]
    fn a_fault_that_does_not_fit_stays_pending_and_blocks_nothing() {
        let faults = Faults::default();
        faults.once(Endpoint::AccessToken, Fault::SameCode);
        faults.once(Endpoint::AccessToken, Fault::ExpiresIn(None));
        assert_eq!(faults.take(Endpoint::AccessToken), Some(Fault::ExpiresIn(None)));
        assert_eq!(faults.take(Endpoint::AccessToken), None);
        assert_eq!(faults.pending(Endpoint::AccessToken), [Fault::SameCode]);
    }
}
