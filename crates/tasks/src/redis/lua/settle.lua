-- What became of a task, if its consumer still has it. Whether it has.
-- id, consumer, then 'again', after how many ms, whether it counts; or the final state and fields of the record.
local id, me, verdict = ARGV[1], ARGV[2], ARGV[3]
local known = read(id, 'state', 'entry', 'attempts', 'crashes')
if known[1] ~= 'running' or holder(known[2]) ~= me then
  return 0
end
if verdict ~= 'again' then
  finish(id, verdict, time(), unpack(ARGV, 4))
  return 1
end
redis.call('HSET', task(id), 'state', 'queued')
if ARGV[5] == '0' then
  redis.call('HSET', task(id), 'attempts', number(known[3]) - 1)
end
if ARGV[4] == '0' then
  requeue(id, known[2], known[4])
else
  redis.call('ZADD', later, time() + tonumber(ARGV[4]), id)
  give(known[2], LATER)
end
return 1
