/// The kinds of official accounts (`weixintype`); WeChat numbers them alike in `service_type_info`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AccountKind {
    /// 订阅号, 0.
    Subscription,
    /// 由历史老帐号升级后的订阅号, 1.
    UpgradedSubscription,
    /// 服务号, 2.
    Service,
}

impl AccountKind {
    pub(super) const fn of(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Subscription),
            1 => Some(Self::UpgradedSubscription),
            2 => Some(Self::Service),
            _ => None,
        }
    }
}
