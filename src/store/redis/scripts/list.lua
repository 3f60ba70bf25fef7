-- KEYS: index of a subject, revocation timestamps of all and of the subject. ARGV: correlation id, key prefix of the
-- sessions. Returns digest, version, record and last use of each session.
local rejection = reject_on_replica(KEYS[1])
if rejection then
    return rejection
end
local reply = { ARGV[1] }
for _, session in ipairs(live_sessions(KEYS[1], ARGV[2], KEYS[2], KEYS[3])) do
    for _, value in ipairs({ name_of(session.key), session.version, session.record, session.used }) do
        table.insert(reply, value)
    end
end
return reply
