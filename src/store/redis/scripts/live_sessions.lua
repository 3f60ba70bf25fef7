-- Returns the sessions in the index of a subject, and removes from it all that are gone, revoked or of another subject.
local function live_sessions(index, session_prefix, revoked_all, revoked_subject)
    local sessions, subject = {}, name_of(index)
    local all, of_subject = redis.call('GET', revoked_all), redis.call('GET', revoked_subject)
    local function is_number(digits)
        return digits and string.find(digits, '^%d+$')
    end
    for _, digest in ipairs(redis.call('HKEYS', index)) do
        local key = session_prefix .. digest
        local values = redis.pcall('HMGET', key, 'subject', 'born', 'used', 'version', 'record')
        local born, used = values[2], values[3]
        if values[1] == subject and is_number(born) and is_number(used)
            and not is_covered(all, born) and not is_covered(of_subject, born) then
            table.insert(sessions, { key = key, used = used, version = values[4], record = values[5] })
        else
            redis.call('HDEL', index, digest)
        end
    end
    return sessions
end
