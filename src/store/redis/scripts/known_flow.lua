-- How long ago a flow was claimed, and its outcome; nothing if it was not.
local function known_flow(key, tag)
    local flow = redis.call('HMGET', key, 'claimed', 'outcome')
    if flow[1] or flow[2] then
        local age = now_in_millis() - (tonumber(flow[1] or '0') or 0)
        return { tag, string.format('%.0f', age), flow[2] }
    end
end
