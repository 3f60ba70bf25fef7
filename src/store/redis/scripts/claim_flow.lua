-- KEYS: flow. ARGV: tag, time to keep it in ms.
local known = known_flow(KEYS[1], ARGV[1])
if known then
    return known
end
redis.call('HSET', KEYS[1], 'claimed', string.format('%.0f', now_in_millis()))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { ARGV[1] }
