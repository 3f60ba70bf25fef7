//! State of the binding service.

use super::refusal::BindingRefusal;

/// Configuration of the binding service by its operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BindingState {
    /// The service works.
    Normal,
    /// The operator has no official account configured: 2002.
    NotConfigured,
    /// The data of the operator is not available: 2003.
    OperatorUnavailable,
    /// The service works, and no openid is bound: 2000 for every valid code, also of an openid that
    /// was bound.
    AllUnbound,
    /// Every code is refused with this reason, and none is consumed.
    Refusing(BindingRefusal),
}
