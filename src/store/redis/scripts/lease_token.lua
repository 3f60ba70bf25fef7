-- KEYS: token, lease. ARGV: correlation id, version, fence that is not enough, owner, lease in ms, time to keep the token in ms.
local refusal = refuse_on_replica(KEYS[1])
if refusal then
    return refusal
end
local now = now_in_millis()
local token = redis.call('HMGET', KEYS[1], 'version', 'fence', 'token', 'kept_under', 'kept_at', 'ends_at', 'died_young')
if token[1] and token[1] ~= ARGV[2] then
    return { ARGV[1], 'foreign' }
end
local kept_under, ends_at = tonumber(token[4] or '0') or 0, tonumber(token[6] or '0') or 0
if token[3] and kept_under > tonumber(ARGV[3]) and ends_at > now then
    return { ARGV[1], 'newer', token[3], string.format('%.0f', kept_under), string.format('%.0f', ends_at - now) }
end
if not redis.call('SET', KEYS[2], ARGV[4], 'NX', 'PX', ARGV[5]) then
    return { ARGV[1], 'taken' }
end
-- Never below what is known, whatever has become of the number.
local fence = math.max(tonumber(token[2] or '0') or 0, kept_under, tonumber(ARGV[3])) + 1
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'fence', string.format('%.0f', fence))
redis.call('PEXPIRE', KEYS[1], ARGV[6])
local kept_at = tonumber(token[5] or '')
local age = kept_at and string.format('%.0f', math.max(now - kept_at, 0)) or ''
return { ARGV[1], 'granted', string.format('%.0f', fence), age, token[7] or '0' }
