-- The index of a subject: a hash whose fields are the digests of its sessions. It may lack a session: the record of the
-- next use adds it. It may name one that is gone: the next list removes it.

-- The key of a session ends with its digest, and that of an index with the name of the subject: 64 characters each.
local function name_of(key)
    return string.sub(key, -64)
end
local function prefix_of(key)
    return string.sub(key, 1, -65)
end

local function add_to_index(index, session, lifetime)
    redis.call('HSET', index, name_of(session), '')
    -- The index lives as long as any session in it can.
    local left = math.max(redis.call('PTTL', index), tonumber(lifetime))
    redis.call('PEXPIRE', index, string.format('%.0f', left))
end
