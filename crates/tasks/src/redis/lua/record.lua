-- The record of a task. id.
if redis.call('EXISTS', task(ARGV[1])) == 0 then
  return false
end
return row(ARGV[1], true)
