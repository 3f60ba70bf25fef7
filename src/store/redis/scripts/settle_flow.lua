-- KEYS: flow. ARGV: tag, outcome.
if redis.call('HEXISTS', KEYS[1], 'claimed') == 1 then
    redis.call('HSETNX', KEYS[1], 'outcome', ARGV[2])
end
return { ARGV[1] }
