-- KEYS: flow. ARGV: correlation id.
return refuse_on_replica(KEYS[1]) or known_flow(KEYS[1], ARGV[1]) or { ARGV[1] }
