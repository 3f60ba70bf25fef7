-- KEYS: session. ARGV: correlation id, version, last use, idle timeout in ms. Returns whether there is a session.
local session = redis.call('HMGET', KEYS[1], 'version', 'used')
if not session[1] then
    return { ARGV[1], 'absent' }
end
local used = session[2] and tonumber(session[2])
if session[1] == ARGV[2] and used and used < tonumber(ARGV[3]) then
    redis.call('HSET', KEYS[1], 'used', ARGV[3])
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return { ARGV[1], 'present' }
