-- KEYS: clock. ARGV: tag, time in ms that a stamp is good for.
local now = next_moment(KEYS[1])
-- A revocation is remembered for as long as the clock is there.
local left = math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[2]))
redis.call('SET', KEYS[1], now, 'PX', string.format('%.0f', left))
return { ARGV[1], now }
