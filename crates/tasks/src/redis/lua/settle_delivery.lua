-- What became of an attempt to deliver, if its consumer still has it. id, consumer, verdict, what came of it, after how
-- many ms.
local id, verdict = ARGV[1], ARGV[3]
local known = read(id, 'callback', 'sender', 'host', 'finished')
if known[1] ~= 'due' or known[2] ~= ARGV[2] then
  return 0
end
redis.call('HDEL', task(id), 'sender')
redis.call('HSET', task(id), 'callback_last', ARGV[4])
if verdict == 'due' then
  callback_due(id, known[3], time() + tonumber(ARGV[5]))
  return 1
end
callback_not_due(id, known[3])
redis.call('HDEL', task(id), 'callback_due')
redis.call('HSET', task(id), 'callback', verdict)
redis.call('ZADD', ended, known[4], id)
if verdict == 'dead' then
  redis.call('SADD', dead, id)
end
return 1
