package dialect

// ReplaceKeepTTL is Replace without a time to live: the one that the key has stays. It
// takes the guard and the new record.
var ReplaceKeepTTL = script(guarded + `
if same then
  redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
  return 1
end
local stored = redis.call('GET', KEYS[1])
if not stored then return false end
return '!' .. stored
`)
