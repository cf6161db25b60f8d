-- Ends a task that has not ended. id. The state that it was in, or false if there is none; whether it was ended.
local id = ARGV[1]
local state = read(id, 'state')[1]
if not state then
  return {false, 0}
end
if state ~= 'queued' and state ~= 'running' then
  return {state, 0}
end
finish(id, 'cancelled', time())
return {state, 1}
