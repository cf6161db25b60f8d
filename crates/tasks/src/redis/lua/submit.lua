-- Stores a task, unless it is there, or its key was used, or a bound is met.
-- id, bytes, most tasks, most bytes, list, idempotency key or '', fingerprint, then fields of the record.
local id, size, key, fingerprint = ARGV[1], tonumber(ARGV[2]), ARGV[6], ARGV[7]

-- The program was not told of it, and asks again.
if redis.call('EXISTS', task(id)) == 1 then
  return {'accepted'}
end
if key ~= '' then
  local known = redis.call('HGET', idempotency, key)
  local first = known and string.sub(known, 1, 36)
  if first and redis.call('EXISTS', task(first)) == 1 then
    if string.sub(known, 37) ~= fingerprint then
      return {'reused'}
    end
    return {'known', first}
  end
end
if redis.call('HLEN', sizes) >= tonumber(ARGV[3]) then
  return {'tasks'}
end
if number(redis.call('GET', base .. ':bytes')) + size > tonumber(ARGV[4]) then
  return {'bytes'}
end

need_group()
redis.call('SET', base .. ':layout', LAYOUT)
local entry = redis.call('XADD', stream, '*', 'id', id)
redis.call('HSET', task(id), 'entry', entry, 'state', 'queued', 'attempts', 0, 'accepted', time(), unpack(ARGV, 8))
redis.call('ZADD', list .. ARGV[5], redis.call('INCR', base .. ':seq'), id)
resize(id, size)
if key ~= '' then
  redis.call('HSET', task(id), 'key', key)
  redis.call('HSET', idempotency, key, id .. fingerprint)
end
return {'accepted'}
