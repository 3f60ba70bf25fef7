-- KEYS: clock. ARGV: correlation id, lifetime of a stamp in ms.
local now = next_timestamp(KEYS[1])
-- A revocation is remembered for as long as the clock is there.
local left = math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[2]))
redis.call('SET', KEYS[1], now, 'PX', string.format('%.0f', left))
return { ARGV[1], now }
