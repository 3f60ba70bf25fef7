-- KEYS: session, end of all. ARGV: tag, prefix of the ends of subjects.
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
    -- Nobody can say whether it is over.
    return { ARGV[1], session[1] }
end
local function is_over(marker)
    local at = redis.call('GET', marker)
    -- All moments have as many digits; one that is cut is an earlier one, and forgets an end.
    assert(not at or #at == #session[4], 'a moment cannot be read')
    return at and tonumber(at) >= born
end
if is_over(KEYS[2]) or is_over(ARGV[2] .. session[5]) then
    return { ARGV[1] }
end
return { ARGV[1], session[1], session[2], session[3], session[5] }
