-- Forgets some of the tasks that ended long ago. ms to keep them, how many, ms after which a consumer that holds nothing
-- is taken for dead. How many were forgotten.
local old = redis.call('ZRANGEBYSCORE', ended, '-inf', time() - tonumber(ARGV[1]), 'LIMIT', 0, tonumber(ARGV[2]))
for _, id in ipairs(old) do
  forget(id)
end

need_group()
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, GROUP)) do
  if consumer[4] == 0 and consumer[6] > tonumber(ARGV[3]) then
    redis.call('XGROUP', 'DELCONSUMER', stream, GROUP, consumer[2])
  end
end

-- The sum goes wrong only by others' hands, such as a key that was evicted: once an hour is often enough.
if redis.call('SET', base .. ':summed', '1', 'NX', 'EX', 3600) then
  local sum = 0
  for _, size in ipairs(redis.call('HVALS', sizes)) do
    sum = sum + number(size)
  end
  redis.call('SET', base .. ':bytes', sum)
end
return #old
