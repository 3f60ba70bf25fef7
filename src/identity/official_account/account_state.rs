/// The states of an official account (`account_status`) that WeChat's page names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AccountState {
    /// 正常, 1.
    Normal,
    /// 已注销, 14.
    Cancelled,
    /// 已封禁, 16.
    Banned,
    /// 已告警, 18.
    Warned,
    /// 已冻结, 19.
    Frozen,
}

impl AccountState {
    pub(super) const fn of(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Normal),
            14 => Some(Self::Cancelled),
            16 => Some(Self::Banned),
            18 => Some(Self::Warned),
            19 => Some(Self::Frozen),
            _ => None,
        }
    }
}
