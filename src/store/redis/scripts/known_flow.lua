-- A flow is a string: `c` and the time of the claim; then in its place the encrypted outcome, or the number of a
-- refused code. Returns the age of the claim and the outcome; nothing if the flow is unknown.
local function known_flow(key, correlation_id)
    local flow = redis.call('GET', key)
    if not flow then
        return
    end
    if string.sub(flow, 1, 1) == 'c' then
        local age = now_in_millis() - (tonumber(string.sub(flow, 2)) or 0)
        return { correlation_id, string.format('%.0f', age) }
    end
    return { correlation_id, '0', flow }
end
