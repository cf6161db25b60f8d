-- The next tasks of a list, the latest first: one look at so many of them as do not keep others waiting.
-- list, before which id or '', below which number or '', how many to look at, most, then state, topic and state of the
-- callback, each '' or '=' and what it is to be. The number to go on below, or false at the end; then the records.
local key, below = list .. ARGV[1], '+inf'
if ARGV[3] ~= '' then
  below = '(' .. ARGV[3]
elseif ARGV[2] ~= '' then
  local position = redis.call('ZSCORE', key, ARGV[2])
  if not position then
    return {false, {}}
  end
  below = '(' .. position
end
local looked, most = tonumber(ARGV[4]), tonumber(ARGV[5])

local function fits(wanted, value)
  return wanted == '' or wanted == '=' .. (value or '')
end

local found = redis.call('ZREVRANGEBYSCORE', key, below, '-inf', 'WITHSCORES', 'LIMIT', 0, looked)
local rows = {}
for at = 1, #found, 2 do
  if #rows == most then
    break
  end
  local known = read(found[at], 'state', 'topic', 'callback')
  if not known[1] then
    redis.call('ZREM', key, found[at])
  elseif fits(ARGV[6], known[1]) and fits(ARGV[7], known[2]) and fits(ARGV[8], known[3]) then
    table.insert(rows, row(found[at], false))
  end
end
return {#found == 2 * looked and found[#found], rows}
