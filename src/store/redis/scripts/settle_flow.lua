-- KEYS: flow. ARGV: correlation id, encrypted outcome or number of a refused code.
local flow = redis.call('GET', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if flow and string.sub(flow, 1, 1) == 'c' and left > 0 then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', left)
end
return { ARGV[1] }
