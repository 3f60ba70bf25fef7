-- KEYS: lease. ARGV: correlation id, owner, pause in ms.
if redis.call('GET', KEYS[1]) == ARGV[2] then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return { ARGV[1] }
