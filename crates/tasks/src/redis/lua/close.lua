-- Gives back all that a consumer has, and ends it. consumer, then the deliveries that it has.
local me = ARGV[1]
need_group()
local held = pending(me, 1000)
while held[1] do
  for _, one in ipairs(held) do
    untake(one[1])
  end
  held = pending(me, 1000)
end
redis.call('XGROUP', 'DELCONSUMER', stream, GROUP, me)
for at = 2, #ARGV do
  local id = ARGV[at]
  local known = read(id, 'callback', 'sender', 'host', 'callback_due', 'callback_attempts')
  if known[1] == 'due' and known[2] == me then
    redis.call('HDEL', task(id), 'sender')
    redis.call('HSET', task(id), 'callback_attempts', number(known[5]) - 1)
    callback_due(id, known[3], known[4])
  end
end
return 1
