-- KEYS: flow. ARGV: tag.
local refusal = refuse_on_replica(KEYS[1])
if refusal then
    return refusal
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local flow = redis.call('HMGET', KEYS[1], 'claimed', 'outcome')
if flow[1] or flow[2] then
    return { ARGV[1], string.format('%.0f', now - (tonumber(flow[1] or '0') or 0)), flow[2] }
end
return { ARGV[1] }
