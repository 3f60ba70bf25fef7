-- Removes a session, also from the index of its subject, and publishes that. Returns whether there was one.
local function unlink_session(key, subject, index_prefix, channel, message)
    if redis.call('UNLINK', key) == 0 then
        return false
    end
    if subject then
        -- An index of the wrong type must not keep a session from being revoked.
        redis.pcall('HDEL', index_prefix .. subject, name_of(key))
    end
    redis.call('PUBLISH', channel, message .. name_of(key))
    return true
end
