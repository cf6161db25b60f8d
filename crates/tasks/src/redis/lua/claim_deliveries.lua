-- Takes callbacks that are due. consumer, lease in ms, most, most for each host, then the host of each that is under way.
local me, lease, most, most_per_host = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now = time()
local under_way = {}
for at = 5, #ARGV do
  under_way[ARGV[at]] = (under_way[ARGV[at]] or 0) + 1
end

-- Every host here has one that is due: those that are due the longest are among the first `most` hosts that are not busy.
local found = {}
for _, host in ipairs(redis.call('ZRANGEBYSCORE', hosts, '-inf', now, 'LIMIT', 0, most + #ARGV - 4)) do
  local free = math.min(most, most_per_host - (under_way[host] or 0))
  if free > 0 then
    local ids = redis.call('ZRANGEBYSCORE', due .. ':' .. host, '-inf', now, 'WITHSCORES', 'LIMIT', 0, free)
    for at = 1, #ids, 2 do
      table.insert(found, {id = ids[at], at = tonumber(ids[at + 1]), host = host})
    end
  end
end
table.sort(found, function(a, b) return a.at < b.at end)

local rows = {}
for at = 1, math.min(most, #found) do
  local id, host = found[at].id, found[at].host
  local known = read(id, 'callback', 'callback_due', 'callback_attempts')
  if known[1] == 'due' then
    redis.call('HSET', task(id), 'sender', me, 'callback_attempts', number(known[3]) + 1)
    callback_due(id, host, now + lease, known[2])
    table.insert(rows, row(id, true))
  else
    callback_not_due(id, host)
  end
end
return rows
