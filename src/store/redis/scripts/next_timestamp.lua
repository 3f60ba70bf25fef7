-- The next timestamp, in microseconds: later than the last one, even if the server's clock was set back.
local function next_timestamp(clock)
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local last = tonumber(redis.call('GET', clock) or '0')
    if now <= last then
        now = last + 1
    end
    return string.format('%.0f', now)
end
