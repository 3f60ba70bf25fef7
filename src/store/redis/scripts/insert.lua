-- KEYS: session, clock, revocation timestamps of all and of the subject, index of the subject; with a previous session,
-- that one and its revocation timestamp.
-- ARGV: correlation id, version, record, last use, subject, idle timeout and time to expiry (in ms), stamp, lifetime of
-- a stamp (in us), channel, invalidation message of a session without its digest, whether the previous session is
-- concurrent (1 or 0), limit of the sessions of a subject (0: none).
-- Returns how many sessions of the subject were evicted.
if redis.call('EXISTS', KEYS[1]) == 1 then
    return { ARGV[1], 'taken' }
end
local now, stamp = next_timestamp(KEYS[2]), ARGV[8]
local function is_revoked_by(key)
    return is_covered(redis.call('GET', key), stamp)
end
local is_revoked = tonumber(now) - tonumber(stamp) > tonumber(ARGV[9]) or is_revoked_by(KEYS[3])
    or is_revoked_by(KEYS[4]) or (KEYS[7] and is_revoked_by(KEYS[7]))
local function unlink(key, subject)
    unlink_session(key, subject, prefix_of(KEYS[5]), ARGV[10], ARGV[11])
end
if KEYS[6] then
    local subject = redis.pcall('HMGET', KEYS[6], 'subject')[1]
    -- A concurrent session of the same subject stays: requests with it may be under way.
    if ARGV[12] ~= '1' or subject ~= ARGV[5] then
        -- Replaced, not revoked: another login of the same browser may replace it as well.
        unlink(KEYS[6], subject)
    end
end
if is_revoked then
    return { ARGV[1], 'revoked' }
end
local limit, evicted = tonumber(ARGV[13]), 0
if limit > 0 and redis.call('HLEN', KEYS[5]) >= limit then
    local sessions = live_sessions(KEYS[5], prefix_of(KEYS[1]), KEYS[3], KEYS[4])
    table.sort(sessions, function(one, other)
        return tonumber(one.used) < tonumber(other.used)
    end)
    while #sessions - evicted >= limit do
        evicted = evicted + 1
        unlink(sessions[evicted].key, ARGV[5])
    end
end
add_to_index(KEYS[5], KEYS[1], ARGV[7])
-- The session counts from the stamp: a revocation since then covers it.
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'record', ARGV[3], 'used', ARGV[4], 'born', stamp, 'subject', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
-- The clock lives as long as any session can, and so does every revocation that it dates.
local left = math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[7]))
redis.call('SET', KEYS[2], now, 'PX', string.format('%.0f', left))
return { ARGV[1], 'kept', evicted }
