-- In milliseconds since the Unix epoch.
local function now_in_millis()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end
