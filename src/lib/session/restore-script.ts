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
 */
export const RESTORE_SCRIPT = `
local find, byte, sub = string.find, string.byte, string.sub
local json = redis.pcall('GET', KEYS[1])
if not json then return {'missing'} end
if type(json) == 'table' then
  if sub(json.err, 1, 9) == 'WRONGTYPE' then return {'corrupt'} end
  return json
end

-- cjson refuses a lone surrogate, which JSON allows.
local ok, session = pcall(cjson.decode, json)
if not ok then
  ok, session = pcall(cjson.decode, (string.gsub(json, '\\\\u[dD][89a-fA-F]%x%x', '\\\\u0041')))
end
if not ok or not find(json, '^%s*{') then return {'corrupt'} end
local id, ends = session.user_id, session.ends_at
if type(id) ~= 'number' or id % 1 ~= 0 or id > 9007199254740991 or id < -9007199254740991
  or type(session.email) ~= 'string' or type(session.rol) ~= 'string'
  or type(session.last_activity) ~= 'string' then return {'corrupt'} end

local ttl = tonumber(ARGV[2])
if ends ~= nil and ends ~= cjson.null then
  if type(ends) ~= 'number' then return {'corrupt'} end
  local now = redis.call('TIME')
  local left = math.floor(ends - (now[1] * 1000 + math.floor(now[2] / 1000)))
  if left <= 0 then
    redis.call('DEL', KEYS[1])
    return {'expired'}
  end
  if left < ttl then ttl = left end
end

local function closing(quote)
  local at = quote
  while true do
    at = find(json, '["\\\\]', at + 1)
    if byte(json, at) == 34 then return at end
    at = at + 1
  end
end

local first, last
local depth, at = 0, 1
while true do
  at = find(json, '["{}%[%]]', at)
  if not at then break end
  local c = byte(json, at)
  if c == 34 then
    local stop = closing(at)
    local _, colon = find(json, '^%s*:%s*', stop + 1)
    if depth == 1 and colon then
      local key = sub(json, at, stop)
      if find(key, '\\\\', 1, true) then key = '"' .. cjson.decode('[' .. key .. ']')[1] .. '"' end
      if key == '"last_activity"' and byte(json, colon + 1) == 34 then
        first, last = colon + 1, closing(colon + 1)
        stop = last
      end
    end
    at = stop + 1
  else
    if c == 123 or c == 91 then depth = depth + 1 else depth = depth - 1 end
    at = at + 1
  end
end

local written = sub(json, 1, first) .. ARGV[1] .. sub(json, last)
redis.call('SET', KEYS[1], written, 'PX', ttl)
return {'ok', written, ttl}
`;
