-- KEYS: token, lease. ARGV: correlation id, fence, owner, token, lifetime in ms, youth in ms, time to keep it in ms, version.
local now = now_in_millis()
local token = redis.call('HMGET', KEYS[1], 'fence', 'kept_at', 'died_young', 'ends_at', 'version')
if token[1] ~= ARGV[2] or token[5] ~= ARGV[8] then
    return { ARGV[1], '0' }
end
local kept_at, ends_at = tonumber(token[2] or ''), tonumber(token[4] or '')
local died_young = 0
-- A token that is short-lived and in its second half is not young.
if kept_at and ends_at and now - kept_at < math.min(tonumber(ARGV[6]), (ends_at - kept_at) / 2) then
    died_young = (tonumber(token[3] or '0') or 0) + 1
end
redis.call('HSET', KEYS[1], 'token', ARGV[4], 'kept_under', ARGV[2], 'kept_at', string.format('%.0f', now),
    'ends_at', string.format('%.0f', now + tonumber(ARGV[5])), 'died_young', string.format('%.0f', died_young))
redis.call('PEXPIRE', KEYS[1], ARGV[7])
if redis.call('GET', KEYS[2]) == ARGV[3] then
    redis.call('DEL', KEYS[2])
end
return { ARGV[1], '1' }
