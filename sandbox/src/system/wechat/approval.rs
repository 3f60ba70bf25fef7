//! Decision on WeChat's page.

/// Decision of the person who holds the phone, when a browser arrives at WeChat's page.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum WechatApproval {
    /// A page asks whose phone it is, and whether to allow the request.
    Ask,
    /// The person of this id is sent back with a code at once, with any scope.
    Approve(String),
    /// The person declines at once.
    Decline,
}
