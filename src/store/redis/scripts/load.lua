-- KEYS: session, revocation timestamp of all. ARGV: correlation id, key prefix of the revocation timestamps of subjects.
local rejection = reject_on_replica(KEYS[1])
if rejection then
    return rejection
end
local session = redis.call('HMGET', KEYS[1], 'version', 'record', 'used', 'born', 'subject')
if not session[1] then
    return { ARGV[1] }
end
local born, subject = session[4], session[5]
if not tonumber(born) or not subject then
    -- It cannot be determined whether it is revoked.
    return { ARGV[1], session[1] }
end
if is_covered(redis.call('GET', KEYS[2]), born) or is_covered(redis.call('GET', ARGV[2] .. subject), born) then
    return { ARGV[1] }
end
return { ARGV[1], session[1], session[2], session[3], subject }
