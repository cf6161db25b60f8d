-- Renews leases. consumer, lease in ms, then ids. Those that the consumer has no more.
heard_of_server(time(), tonumber(ARGV[2]))
local lost = {}
for at = 3, #ARGV do
  local known = read(ARGV[at], 'state', 'entry')
  if known[1] == 'running' and holder(known[2]) == ARGV[1] then
    give(known[2], ARGV[1])
  else
    table.insert(lost, ARGV[at])
  end
end
return lost
