-- Makes a dead callback due. id. Whether there was one.
local id = ARGV[1]
local known = read(id, 'callback', 'host')
if known[1] ~= 'dead' then
  return 0
end
redis.call('SREM', dead, id)
redis.call('ZREM', ended, id)
redis.call('HSET', task(id), 'callback_attempts', 0)
redis.call('HDEL', task(id), 'callback_last')
callback_due(id, known[2], time())
return 1
