-- KEYS: clock, end of all or of a subject. ARGV: tag, channel, message.
local refusal = refuse_on_replica(KEYS[1])
if refusal then
    return refusal
end
local left = redis.call('PTTL', KEYS[1])
-- Without a clock there is no session.
if left > 0 then
    local now = next_moment(KEYS[1])
    redis.call('SET', KEYS[1], now, 'PX', left)
    redis.call('SET', KEYS[2], now, 'PX', left)
end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return { ARGV[1] }
