//! Statements for sessions and revocations.

mod caches;
mod insert;
mod names;
mod remove;
pub(crate) mod revocations;
mod row;

pub(crate) use self::caches::Caches;
pub(crate) use self::insert::{Insertion, PreviousRow, insert};
pub(crate) use self::names::Names;
pub(crate) use self::remove::{remove, remove_all, remove_of, remove_subject};
pub(crate) use self::revocations::{Revocation, Revoked};
pub(crate) use self::row::{ListedRow, Row, list, load, millis, touch};
