-- KEYS: session, its revocation timestamp, clock.
-- ARGV: correlation id, channel, invalidation message of a session without its digest, lifetime of a stamp in ms, key
-- prefix of the indexes, subject that the session must have (empty: any).
-- Any client can name a session that does not exist: nothing is kept or published about one.
local outcome, subject = 'absent', redis.pcall('HMGET', KEYS[1], 'subject')[1]
if (ARGV[6] == '' or ARGV[6] == subject) and unlink_session(KEYS[1], subject, ARGV[5], ARGV[2], ARGV[3]) then
    outcome = 'revoked'
    local now = next_timestamp(KEYS[3])
    local left = math.max(redis.call('PTTL', KEYS[3]), tonumber(ARGV[4]))
    redis.call('SET', KEYS[3], now, 'PX', string.format('%.0f', left))
    redis.call('SET', KEYS[2], now, 'PX', ARGV[4])
end
return { ARGV[1], outcome }
