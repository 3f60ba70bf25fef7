-- KEYS: session. ARGV: tag, channel, message.
redis.call('UNLINK', KEYS[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return { ARGV[1] }
