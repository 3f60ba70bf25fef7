-- KEYS: clock, revocation timestamp of all or of a subject.
-- ARGV: correlation id, channel, invalidation message, time in ms to keep the timestamp without a clock.
local now, left = next_timestamp(KEYS[1]), redis.call('PTTL', KEYS[1])
if left > 0 then
    redis.call('SET', KEYS[1], now, 'PX', left)
else
    -- There is no session; or the server has evicted the clock, and there are.
    left = ARGV[4]
end
redis.call('SET', KEYS[2], now, 'PX', left)
redis.call('PUBLISH', ARGV[2], ARGV[3])
return { ARGV[1] }
