/// Whether Redis responds. The heartbeat is sent twice a second.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RedisStatus {
    /// Redis responds.
    Reachable,
    /// Redis does not respond. The reconnect task tries again all the time.
    Unreachable,
}
