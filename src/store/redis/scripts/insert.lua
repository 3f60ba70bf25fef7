-- KEYS: session, clock, revocation timestamps of all and of the subject; with a previous session, that one and its
-- revocation timestamp.
-- ARGV: correlation id, version, record, last use, subject, idle timeout and time to expiry (in ms), stamp, lifetime of
-- a stamp (in us), channel, invalidation message for the previous session, whether that one is concurrent (1 or 0).
if redis.call('EXISTS', KEYS[1]) == 1 then
    return { ARGV[1], 'taken' }
end
local now, stamp = next_timestamp(KEYS[2]), tonumber(ARGV[8])
local function is_revoked_by(key)
    local at = redis.call('GET', key)
    -- All timestamps have the same number of digits. A truncated one would be earlier, and miss a revocation.
    assert(not at or #at == #ARGV[8], 'a timestamp cannot be read')
    return at and tonumber(at) >= stamp
end
local is_revoked = tonumber(now) - stamp > tonumber(ARGV[9]) or is_revoked_by(KEYS[3]) or is_revoked_by(KEYS[4])
    or (KEYS[6] and is_revoked_by(KEYS[6]))
-- A concurrent session of the same subject stays: requests with it may be under way.
local stays = ARGV[12] == '1' and redis.call('HMGET', KEYS[5], 'subject')[1] == ARGV[5]
-- Replaced, not revoked: another login of the same browser may replace it as well.
if KEYS[5] and not stays and redis.call('UNLINK', KEYS[5]) == 1 then
    redis.call('PUBLISH', ARGV[10], ARGV[11])
end
if is_revoked then
    return { ARGV[1], 'revoked' }
end
-- The session counts from the stamp: a revocation since then covers it.
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'record', ARGV[3], 'used', ARGV[4], 'born', ARGV[8], 'subject', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
-- The clock lives as long as any session can, and so does every revocation that it dates.
local left = math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[7]))
redis.call('SET', KEYS[2], now, 'PX', string.format('%.0f', left))
return { ARGV[1], 'kept' }
