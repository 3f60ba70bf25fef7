-- KEYS: flow. ARGV: correlation id, time to keep it in ms.
local known = known_flow(KEYS[1], ARGV[1])
if known then
    return known
end
redis.call('SET', KEYS[1], string.format('c%.0f', now_in_millis()), 'PX', ARGV[2])
return { ARGV[1] }
