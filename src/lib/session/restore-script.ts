/**
 * Restores a session in one atomic step: reads it, decides whether it is sound, moves `last_activity` and
 * resets the TTL. It runs inside Redis, so that a session that is deleted meanwhile stays deleted.
 *
 *   KEYS[1]  session:<token>
 *   ARGV[1]  the new last_activity, ISO 8601 without a zone
 *   ARGV[2]  the sliding lifetime in milliseconds
 *   returns  {'ok', JSON as written, milliseconds to live} | {'missing'} | {'expired'} | {'corrupt'}
 *
 * Only the text of the last top-level `last_activity` is replaced. Re-encoding with cjson would turn
 * 9007199254740991 into a float and `[]` into `{}`, and a plain replacement could hit a nested field or a name
 * that contains the key: so cjson judges the value, and a scanner that knows strings and nesting finds the place.
 * The scanner refuses what cjson lets pass although it is no JSON, so that the verdict is that of JSON.parse.
 *
 * Nearly every session has the very form that one of the two clients writes. Patterns tell that form in a tenth of the
 * time, so they come first, and whatever they do not match is left to cjson and the scanner.
 */
export const RESTORE_SCRIPT = withoutComments(`
local find, match, byte, sub = string.find, string.match, string.byte, string.sub
local json = redis.pcall('GET', KEYS[1])
if not json then return {'missing'} end
if type(json) == 'table' then
  if sub(json.err, 1, 9) == 'WRONGTYPE' then return {'corrupt'} end
  return json
end

local first, last, ends
local function is_text(value) return value == 'null' or find(value, '^"[^"\\\\%c]*"$') end
local function is_id(value) return value == 'null' or find(value, '^[1-9]%d*$') end

local id, auth, guest, host, name, from, to, rest = match(json, '^{"user_id": ?([1-9]%d*), ?"email": ?"[^"\\\\%c]*", ?'
  .. '"rol": ?"[^"\\\\%c]*", ?"auth_user_id": ?([^,]*), ?"huesped_id": ?([^,]*), ?"anfitrion_id": ?([^,]*), ?'
  .. '"nombre": ?"([^"%c]*)", ?"creado_en": ?"[^"\\\\%c]*", ?"created_at": ?"[^"\\\\%c]*", ?'
  .. '"last_activity": ?"()[^"\\\\%c]*()"([^{}]*)}$')
if id and #id < 16 and is_text(auth) and is_id(guest) and is_id(host)
  -- The Python client writes letters beyond ASCII as escapes.
  and not find(find(name, '\\\\', 1, true) and string.gsub(name, '\\\\u%x%x%x%x', '') or '', '\\\\', 1, true) then
  local ip, source = match(rest, '^, ?"device": ?"[^"\\\\%c]*", ?"ip": ?([^,]*), ?"ip_source": ?([^,]*)$')
  if rest == '' or ip and is_text(ip) and is_text(source) then first, last = from - 1, to end
end

if not first then
-- cjson refuses a lone surrogate, which JSON allows.
local ok, session = pcall(cjson.decode, json)
if not ok then
  ok, session = pcall(cjson.decode, (string.gsub(json, '\\\\u[dD][89a-fA-F]%x%x', '\\\\u0041')))
end
if not ok or not find(json, '^%s*{') then return {'corrupt'} end
local id = session.user_id
ends = session.ends_at
if type(id) ~= 'number' or id % 1 ~= 0 or id > 9007199254740991 or id < -9007199254740991
  or type(session.email) ~= 'string' or type(session.rol) ~= 'string'
  or type(session.last_activity) ~= 'string'
  or not (ends == nil or ends == cjson.null or type(ends) == 'number') then return {'corrupt'} end

-- Whether JSON has such a number: cjson has NaN, 0x1F and 007 as well.
local function is_number(text)
  local rest = not find(text, '^-?0%d') and match(text, '^-?%d+(.*)$')
  rest = rest and (match(rest, '^%.%d+(.*)$') or rest)
  return rest == '' or (rest and find(rest, '^[eE][+-]?%d+$'))
end

-- The place behind the value that begins at a place; nil where it holds what cjson lets pass but JSON does not.
local function behind(at)
  local c = byte(json, at)
  if c == 34 then
    local stop = match(json, '^[^"\\\\\\1-\\31]*"()', at + 1)
    while not stop do
      at = find(json, '["\\\\\\1-\\31]', at + 1)
      c = byte(json, at)
      if c == 34 then stop = at + 1 elseif c == 92 then at = at + 1 else return nil end
    end
    return stop
  elseif c == 123 or c == 91 then
    at = find(json, '%S', at + 1)
    while at and not find(json, '^[}%]]', at) do
      at = behind(at)
      at = at and find(json, '[^%s,:]', at)
    end
    return at and at + 1
  end
  local scalar, stop = match(json, '^([^%s,}%]]+)()', at)
  return (scalar == 'null' or scalar == 'true' or scalar == 'false' or is_number(scalar)) and stop
end

local at = find(json, '["}]')
while byte(json, at) == 34 do
  local key, value = match(json, '^"([^"\\\\\\1-\\31]*)"%s*:%s*()', at)
  if not key then
    local stop = behind(at)
    if not stop then return {'corrupt'} end
    local ok, decoded = pcall(cjson.decode, '[' .. sub(json, at, stop - 1) .. ']')
    key, value = ok and decoded[1], match(json, '^%s*:%s*()', stop)
  end
  local stop = behind(value)
  if not stop then return {'corrupt'} end
  if key == 'last_activity' then first, last = value, stop - 1 end
  at = find(json, '["}]', stop)
end
-- cjson looks no further than the first NUL.
if not find(json, '^}[ \\t\\r\\n]*$', at) then return {'corrupt'} end
end

local ttl = tonumber(ARGV[2])
if ends ~= nil and ends ~= cjson.null then
  local now = redis.call('TIME')
  local left = math.floor(ends - (now[1] * 1000 + math.floor(now[2] / 1000)))
  if left <= 0 then
    redis.call('DEL', KEYS[1])
    return {'expired'}
  end
  if left < ttl then ttl = left end
end

local written = sub(json, 1, first) .. ARGV[1] .. sub(json, last)
redis.call('SET', KEYS[1], written, 'PX', ttl)
return {'ok', written, ttl}
`);

/** The script travels with every command, and Redis hashes all of it. */
function withoutComments(script: string): string {
  return script.replace(/^\s*(?:--.*)?\n|^ +/gm, '');
}
