-- KEYS: probe. ARGV: tag.
-- Only a master that has the slot of this site answers without an error.
return refuse_on_replica(KEYS[1]) or { ARGV[1] }
