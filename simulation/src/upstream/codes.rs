//! Authorization codes of an upstream system.

use std::collections::BTreeMap;

/// How long a code is accepted, in milliseconds.
const LIFETIME: u64 = 300_000;

#[derive(Clone, Debug)]
pub(crate) struct Code {
    user: String,
    issued: u64,
    /// When the code first arrived.
    pub(crate) arrived: Option<u64>,
    is_consumed: bool,
}

#[derive(Default, Debug)]
pub(crate) struct Codes(BTreeMap<String, Code>);

/// Arrival of a code.
pub(crate) enum Arrival {
    First,
    /// It has arrived at this time before.
    Again(u64),
    Unknown,
}

impl Codes {
    pub(crate) fn issue(&mut self, code: &str, user: &str, now: u64) {
        let issued = Code {
            user: user.to_owned(),
            issued: now,
            arrived: None,
            is_consumed: false,
        };
        self.0.insert(code.to_owned(), issued);
    }

    pub(crate) fn arrive(&mut self, code: &str, now: u64) -> Arrival {
        match self.0.get_mut(code) {
            None => Arrival::Unknown,
            Some(code) => match code.arrived {
                Some(before) => Arrival::Again(before),
                None => {
                    code.arrived = Some(now);
                    Arrival::First
                }
            },
        }
    }

    /// Returns the user of a code, once.
    pub(crate) fn consume(&mut self, code: &str, now: u64) -> Option<String> {
        let code = self.0.get_mut(code)?;
        let is_valid = !code.is_consumed && now - code.issued < LIFETIME;
        code.is_consumed = true;
        is_valid.then(|| code.user.clone())
    }
}
