-- KEYS: probe. ARGV: correlation id, channel, an invalidation message that concerns no session.
local refusal = refuse_on_replica(KEYS[1])
if refusal then
    return refusal
end
-- Without the right to publish, revocations would fail.
redis.call('PUBLISH', ARGV[2], ARGV[3])
return { ARGV[1] }
