-- KEYS: probe. ARGV: tag, channel, a message that is about nobody.
local refusal = refuse_on_replica(KEYS[1])
if refusal then
    return refusal
end
-- Whoever may not announce ends could end nothing.
redis.call('PUBLISH', ARGV[2], ARGV[3])
return { ARGV[1] }
