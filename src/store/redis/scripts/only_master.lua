-- A replica reads as it likes, although what it has may be long out of date. It refuses to write: also this, which
-- changes nothing. An error of another kind is left to what comes next.
local function refuse_on_replica(key)
    local outcome = redis.pcall('HDEL', key, '')
    local why = type(outcome) == 'table' and outcome.err
    if why and (string.find(why, 'READONLY', 1, true) or string.find(why, 'NOREPLICAS', 1, true)) then
        return redis.error_reply('READONLY no master')
    end
end
