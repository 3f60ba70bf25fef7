-- KEYS: session, revocation timestamp of all. ARGV: correlation id, key prefix of the revocation timestamps of subjects.
local refusal = refuse_on_replica(KEYS[1])
if refusal then
    return refusal
end
local session = redis.call('HMGET', KEYS[1], 'version', 'record', 'used', 'born', 'subject')
if not session[1] then
    return { ARGV[1] }
end
local born = tonumber(session[4])
if not born or not session[5] then
    -- It cannot be determined whether it is revoked.
    return { ARGV[1], session[1] }
end
local function is_revoked_by(key)
    local at = redis.call('GET', key)
    -- All timestamps have the same number of digits. A truncated one would be earlier, and miss a revocation.
    assert(not at or #at == #session[4], 'a timestamp cannot be read')
    return at and tonumber(at) >= born
end
if is_revoked_by(KEYS[2]) or is_revoked_by(ARGV[2] .. session[5]) then
    return { ARGV[1] }
end
return { ARGV[1], session[1], session[2], session[3], session[5] }
