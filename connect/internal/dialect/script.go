package dialect

import (
	"crypto/sha1"
	"encoding/hex"
)

// Script is a Lua script. Its digest is computed once. Both are
// kept as the arguments of a command that they are: converting a string for each
// command would allocate.
type Script struct {
	Source any // a string
	SHA    any // a string
}

func script(source string) Script {
	sum := sha1.Sum([]byte(source))
	return Script{Source: source, SHA: hex.EncodeToString(sum[:])}
}

// The scripts answer 1 when the change was made, nothing when the key is gone,
// and otherwise Changed followed by the record that is stored. Only the front
// of the record is taken out for the comparison, so that a short guard costs
// little however long the record is.
var (
	// Replace takes the guard, the new record, and a time to live in
	// milliseconds, of which "0" is none and "-1" leaves the one there is. That the new record is what is stored
	// already is a conflict like any other: another request may have made an
	// equal change. Repeat tells the two apart.
	Replace = script(guarded + `
if same then
  if ARGV[3] == '0' then
    redis.call('SET', KEYS[1], ARGV[2])
  elseif ARGV[3] == '-1' then
    redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
  else
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  end
  return 1
end
local stored = redis.call('GET', KEYS[1])
if not stored then return false end
return '!' .. stored
`)

	// Swap is Replace of a record that was written beside the key before, at KEYS[2],
	// so that it does not pass through Lua. It takes the guard and a time to live, of which "0"
	// is none, and answers 0 when the record beside has gone. RENAME comes last: it is
	// what makes the change, and the time to live goes with the record. What is not
	// moved is dropped.
	Swap = script(guarded + `
local function drop()
  local gone = redis.pcall('UNLINK', KEYS[2])
  if type(gone) == 'table' and gone.err then redis.pcall('DEL', KEYS[2]) end
end
if same then
  local done
  if ARGV[2] == '0' then
    done = redis.pcall('PERSIST', KEYS[2])
  else
    done = redis.pcall('PEXPIRE', KEYS[2], ARGV[2])
  end
  if done == 0 then return 0 end
  if done == 1 then done = redis.pcall('RENAME', KEYS[2], KEYS[1]) end
  if type(done) == 'table' and done.err then
    drop()
    return done
  end
  return 1
end
drop()
local stored = redis.call('GET', KEYS[1])
if not stored then return false end
return '!' .. stored
`)

	// Remove takes the guard. Where UNLINK is unknown or not allowed, DEL does.
	Remove = script(guarded + `
if same then
  local gone = redis.pcall('UNLINK', KEYS[1])
  if type(gone) == 'table' and gone.err then redis.call('DEL', KEYS[1]) end
  return 1
end
local stored = redis.call('GET', KEYS[1])
if not stored then return false end
return '!' .. stored
`)

	// ReplaceLeaving is Replace that takes the keys of sets too, and a member that
	// goes from them. A member that could not go names no session any more.
	ReplaceLeaving = script(guarded + `
if same then
  if ARGV[3] == '0' then
    redis.call('SET', KEYS[1], ARGV[2])
  else
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  end
  for i = 2, #KEYS do redis.pcall('ZREM', KEYS[i], ARGV[4]) end
  return 1
end
local stored = redis.call('GET', KEYS[1])
if not stored then return false end
return '!' .. stored
`)

	// RemoveLeaving is Remove, as ReplaceLeaving is Replace.
	RemoveLeaving = script(guarded + `
if same then
  local gone = redis.pcall('UNLINK', KEYS[1])
  if type(gone) == 'table' and gone.err then redis.call('DEL', KEYS[1]) end
  for i = 2, #KEYS do redis.pcall('ZREM', KEYS[i], ARGV[2]) end
  return 1
end
local stored = redis.call('GET', KEYS[1])
if not stored then return false end
return '!' .. stored
`)

	// Expire takes the guard and a time to live in milliseconds, of which "0" is
	// none. It does not return the record that is stored.
	Expire = script(guarded + `
if same then
  if ARGV[2] == '0' then
    redis.call('PERSIST', KEYS[1])
  else
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
  return 1
end
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
return '!'
`)
	// Persist takes the time to live away. PERSIST alone does not tell a key
	// without one from no key.
	Persist = script(`
if redis.call('PERSIST', KEYS[1]) == 1 then return 1 end
return redis.call('EXISTS', KEYS[1])
`)
)

// guarded sets same when the stored record begins with the guard. An empty
// guard is the front of every record, but an empty range is also what an
// absent key has.
const guarded = `
local guard = ARGV[1]
local same
if guard == '' then
  same = redis.call('EXISTS', KEYS[1]) == 1
else
  same = redis.call('GETRANGE', KEYS[1], 0, #guard - 1) == guard
end
`

// Changed is the first byte of a script's answer that carries the record that
// is stored.
const Changed = '!'
