-- KEYS: clock, revocation timestamp of all or of a subject; for a subject, its index; with a session that is kept, the
-- revocation timestamp of all, and that session.
-- ARGV: correlation id, channel, invalidation message, time in ms to keep the timestamp without a clock.
local kept = KEYS[5] and redis.pcall('HMGET', KEYS[5], 'subject', 'born') or {}
local is_kept = kept[1] and kept[1] == name_of(KEYS[3]) and tonumber(kept[2])
    and not is_covered(redis.call('GET', KEYS[4]), kept[2]) and not is_covered(redis.call('GET', KEYS[2]), kept[2])
local now, left = next_timestamp(KEYS[1]), redis.call('PTTL', KEYS[1])
if left > 0 then
    redis.call('SET', KEYS[1], now, 'PX', left)
else
    -- There is no session; or the server has evicted the clock, and there are.
    left = ARGV[4]
end
redis.call('SET', KEYS[2], now, 'PX', left)
if KEYS[3] then
    redis.call('UNLINK', KEYS[3])
end
if is_kept then
    -- It counts from a time after this revocation, and not after the next one.
    redis.call('HSET', KEYS[5], 'born', string.format('%.0f', now + 1))
    add_to_index(KEYS[3], KEYS[5], left)
end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return { ARGV[1] }
