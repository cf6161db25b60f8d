-- Queued, running, ended, callbacks due, callbacks dead, bytes.
local tasks, unfinished, running = redis.call('HLEN', sizes), redis.call('XLEN', stream), 0
if redis.call('EXISTS', stream) == 1 then
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, GROUP)) do
    local name = consumer[2]
    if name ~= RETURNED and name ~= SUSPECTS and name ~= LATER then
      running = running + consumer[4]
    end
  end
end
return {unfinished - running, running, tasks - unfinished, redis.call('SCARD', due), redis.call('SCARD', dead),
  number(redis.call('GET', base .. ':bytes'))}
