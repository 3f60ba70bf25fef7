-- KEYS: session, its revocation timestamp, clock.
-- ARGV: correlation id, channel, invalidation message, lifetime of a stamp in ms.
-- Any client can name a session that does not exist: nothing is kept or published about one.
local outcome = 'absent'
if redis.call('UNLINK', KEYS[1]) == 1 then
    outcome = 'revoked'
    local now = next_timestamp(KEYS[3])
    local left = math.max(redis.call('PTTL', KEYS[3]), tonumber(ARGV[4]))
    redis.call('SET', KEYS[3], now, 'PX', string.format('%.0f', left))
    redis.call('SET', KEYS[2], now, 'PX', ARGV[4])
    redis.call('PUBLISH', ARGV[2], ARGV[3])
end
return { ARGV[1], outcome }
