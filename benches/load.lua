-- Requests of users picked uniformly. Arguments: the file with their cookies, and a seed.

local requests = {}

function init(arguments)
    math.randomseed(tonumber(arguments[2]))
    for cookies in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("GET", "/me?person-" .. #requests, {
            ["Host"] = "campus.example",
            ["User-Agent"] = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/128.0 MicroMessenger/8.0.50",
            ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            ["Accept-Encoding"] = "gzip, deflate, br",
            ["Accept-Language"] = "zh-CN,zh;q=0.9",
            ["Cookie"] = cookies,
        })
    end
end

function request()
    return requests[math.random(#requests)]
end

-- wrk checks the status of every response, which is faster than a script.
function done(summary, latency)
    local errors = summary.errors
    local failures = errors.connect + errors.read + errors.write + errors.timeout + errors.status
    io.write(string.format("result %d %d %d %d %d\n", summary.requests, summary.duration, failures,
        latency:percentile(50), latency:percentile(99)))
end
