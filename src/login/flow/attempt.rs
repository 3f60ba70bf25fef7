/// The reason for which a login began; it decides how a failure is handled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::login) enum Attempt {
    /// The user requested the login, or a guarded page required it.
    First,
    /// The first attempt failed, and the layer began this one.
    Second,
    /// Silent login: failures are not shown to the user.
    Silent,
}

impl Attempt {
    /// Returns the attempt that follows when this one fails. No chain has more than two.
    pub(in crate::login) fn next(self) -> Option<Self> {
        (self == Self::First).then_some(Self::Second)
    }

    pub(super) const fn to_byte(self) -> u8 {
        match self {
            Self::First => 0,
            Self::Second => 1,
            Self::Silent => 2,
        }
    }

    pub(super) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::First),
            1 => Some(Self::Second),
            2 => Some(Self::Silent),
            _ => None,
        }
    }
}
