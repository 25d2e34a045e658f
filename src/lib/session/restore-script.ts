/**
 * Restores a session in one atomic step: reads it, decides whether it is sound, moves `last_activity` and
 * resets the TTL. It runs inside Redis, so that a session that is deleted meanwhile stays deleted.
 *
 *   KEYS[1]  session:<token>
 *   ARGV[1]  the new last_activity, ISO 8601 without a zone
 *   ARGV[2]  the sliding lifetime in milliseconds
 *   returns  JSON as it was, of a session that now has that lifetime; where it has an absolute end,
 *            {JSON as it was, milliseconds to live}
 *            nil where there is none | {'expired'} | {'corrupt'}
 *
 * Only the text of the last top-level `last_activity` is replaced. Re-encoding with cjson would turn
 * 9007199254740991 into a float and `[]` into `{}`, and a plain replacement could hit a nested field or a name
 * that contains the key. Nearly every session has the very form that one of the two clients writes, and patterns tell
 * that form in a tenth of the time, so they come first. Of any other cjson judges the values; what it lets pass although
 * it is no JSON is refused, so that the verdict is that of JSON.parse.
 */
export const RESTORE_SCRIPT = packed(String.raw`
local json = redis.pcall('GET', KEYS[1])
if not json then return end
if json.err then return json.err:sub(1, 9) == 'WRONGTYPE' and {'corrupt'} or json end
-- cjson looks no further than the first NUL, and the patterns take it for a letter.
if json:find('\0', 1, true) then return {'corrupt'} end

local function is_text(value) return value == 'null' or value:find('^"[^"\\\1-\31]*"$') end
local function is_id(value) return value == 'null' or value:find('^[1-9]%d*$') end

local id, auth, guest, host, name, from, to = json:match('^{"user_id": ?([1-9]%d*), ?"email": ?"[^"\\\1-\31]*", ?' ..
  '"rol": ?"[^"\\\1-\31]*", ?"auth_user_id": ?([^,]*), ?"huesped_id": ?([^,]*), ?"anfitrion_id": ?([^,]*), ?' ..
  '"nombre": ?"([^"\1-\31]*)", ?"creado_en": ?"[^"\\\1-\31]*", ?"created_at": ?"[^"\\\1-\31]*", ?' ..
  '"last_activity": ?"()[^"\\\1-\31]*()"')
local ip, source = json:match('^", ?"device": ?"[^"\\\1-\31]*", ?"ip": ?([^,]*), ?"ip_source": ?([^,}]*)}$', to)
local ends

if not (id and #id < 16 and is_text(auth) and is_id(guest) and is_id(host)
  -- The Python client writes letters beyond ASCII as escapes.
  and not name:gsub('\\u%x%x%x%x', ''):find('\\', 1, true)
  and (ip and is_text(ip) and is_text(source) or json:find('^"}$', to))) then
  from = nil
  -- cjson refuses half a surrogate pair, which JSON allows.
  local safe = json:gsub('\\u[dD][89a-fA-F]%x%x', '\\u0041')
  local ok, session = pcall(cjson.decode, safe)
  local _, open = json:find('^%s*{')
  if not ok or not open then return {'corrupt'} end
  id, ends = session.user_id, session.ends_at
  if ends == cjson.null then ends = nil end
  if type(id) ~= 'number' or id % 1 ~= 0 or math.abs(id) >= 2^53
    or type(session.email) ~= 'string' or type(session.rol) ~= 'string'
    or type(session.last_activity) ~= 'string'
    or ends ~= nil and type(ends) ~= 'number' then return {'corrupt'} end

  -- In the same places, with every string made one of underscores.
  local function fill(text) return ('_'):rep(#text) end
  local bare = safe:gsub('\\.', '__'):gsub('"[^"\1-\31]*"', fill)
  -- cjson has strings with line breaks, numbers such as 007, +1, 1. and .5, and 0x1F and NaN.
  if bare:find('"') or bare:find('[:,%[%s]%-?0%d') or bare:find('%.%D') or bare:find('%D%.') or bare:find('[^eE]%+')
    or bare:gsub('%a+', {['true'] = '', ['false'] = '', null = '', e = '', E = ''}):find('%a') then return {'corrupt'} end

  -- What is nested is filled as well, so that whatever has a name is at the top.
  local top = bare:sub(open + 1):gsub('%b{}', fill):gsub('%b[]', fill)
  -- The frontier: a long name is not tried again from each of its letters.
  for key, colon, value, behind in top:gmatch('%f[_]()_+()%s*:%s*()_+()') do
    local name = safe:sub(open + key, open + colon - 1)
    if name == '"last_activity"'
      or name:find('\\', 1, true) and cjson.decode('[' .. name .. ']')[1] == 'last_activity' then
      from, to = open + value + 1, open + behind - 1
    end
  end
end

local ttl = ARGV[2]
if ends then
  local time = redis.call('TIME')
  local left = math.floor(ends - (time[1] * 1000 + math.floor(time[2] / 1000)))
  if left <= 0 then
    redis.call('DEL', KEYS[1])
    return {'expired'}
  end
  ttl = math.min(left, ttl)
end

local now = ARGV[1]
if #now == to - from then
  -- In place, where it has the length of ours: no value is made and none thrown away, and replicas get no copy of it.
  redis.call('SETRANGE', KEYS[1], from - 1, now)
  redis.call('PEXPIRE', KEYS[1], ttl)
else
  redis.call('SET', KEYS[1], json:sub(1, from - 1) .. now .. json:sub(to), 'PX', ttl)
end
return ends and {json, ttl} or json
`);

/**
 * Without comments and blanks outside of strings, as the script travels with every command and Redis hashes all of it;
 * and with strings that go on in the next line made one, which Lua would do each time.
 */
function packed(script: string): string {
  return script
    .replace(/' \.\.\n *'/g, '')
    .replace(/^\s*(?:--.*)?\n|^ +/gm, '')
    .replace(/('(?:\\.|[^'\\])*')| *(\.\.|[-+*/%=~<>,(){}]+) */g, '$1$2');
}
