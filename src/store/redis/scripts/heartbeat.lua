-- KEYS: probe. ARGV: correlation id.
-- Only a master that has the slot of this key prefix responds without an error.
return reject_on_replica(KEYS[1]) or { ARGV[1] }
