/// Whether Redis answers. The heartbeat is sent twice a second.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RedisStatus {
    /// Redis answers.
    Reachable,
    /// Redis does not answer. The reconnect task tries again all the time.
    Unreachable,
}
