-- KEYS: probe. ARGV: correlation id, channel, an invalidation message that concerns no session.
local rejection = reject_on_replica(KEYS[1])
if rejection then
    return rejection
end
-- Without the right to publish, revocations would fail.
redis.call('PUBLISH', ARGV[2], ARGV[3])
return { ARGV[1] }
