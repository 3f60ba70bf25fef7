-- KEYS: session, end of all. ARGV: tag, prefix of the ends of subjects.
local session = redis.call('HMGET', KEYS[1], 'version', 'record', 'used', 'born', 'subject')
if not session[1] then
    return { ARGV[1] }
end
local born = tonumber(session[4])
local function is_over(marker)
    local at = redis.call('GET', marker)
    return at and tonumber(at) >= born
end
-- What cannot be read is told as it is.
if born and session[5] and (is_over(KEYS[2]) or is_over(ARGV[2] .. session[5])) then
    return { ARGV[1] }
end
return { ARGV[1], session[1], session[2], session[3] }
