-- A replica answers reads, although its data may be out of date. It rejects writes: also this one, which changes
-- nothing. Any other error is left to the next command.
local function refuse_on_replica(key)
    local outcome = redis.pcall('HDEL', key, '')
    local why = type(outcome) == 'table' and outcome.err
    if why and (string.find(why, 'READONLY', 1, true) or string.find(why, 'NOREPLICAS', 1, true)) then
        return redis.error_reply('READONLY no master')
    end
end
