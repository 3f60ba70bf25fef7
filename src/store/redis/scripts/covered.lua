-- Whether a revocation at this time, if there was one, covers a session or login that counts from `born`.
local function is_covered(revoked_at, born)
    -- All timestamps have the same number of digits. A truncated one would be earlier, and miss a revocation.
    assert(not revoked_at or #revoked_at == #born, 'a timestamp cannot be read')
    return revoked_at and tonumber(revoked_at) >= tonumber(born)
end
