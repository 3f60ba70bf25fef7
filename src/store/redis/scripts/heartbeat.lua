-- KEYS: probe. ARGV: correlation id.
-- Only a master that has the slot of this key prefix answers without an error.
return refuse_on_replica(KEYS[1]) or { ARGV[1] }
