-- KEYS: session, clock. ARGV: tag, version, record, last use, subject, idle time, time to the end (both in ms).
if redis.call('EXISTS', KEYS[1]) == 1 then
    return { ARGV[1], '0' }
end
local born = next_moment(KEYS[2])
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'record', ARGV[3], 'used', ARGV[4], 'born', born, 'subject', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
-- The clock is there for as long as a session can be, and so is every end that it dates.
local left = math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[7]))
redis.call('SET', KEYS[2], born, 'PX', string.format('%.0f', left))
return { ARGV[1], '1' }
