-- KEYS: session, index of its subject.
-- ARGV: correlation id, version, last use, idle timeout and time to expiry (in ms). Returns whether there is a session.
local session = redis.call('HMGET', KEYS[1], 'version', 'used')
if not session[1] then
    return { ARGV[1], 'absent' }
end
local used = session[2] and tonumber(session[2])
if session[1] == ARGV[2] and used and used < tonumber(ARGV[3]) then
    redis.call('HSET', KEYS[1], 'used', ARGV[3])
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    if not redis.call('HMGET', KEYS[2], name_of(KEYS[1]))[1] then
        add_to_index(KEYS[2], KEYS[1], ARGV[5])
    end
end
return { ARGV[1], 'present' }
