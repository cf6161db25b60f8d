-- Takes tasks. consumer, most, whether the caller is busy, whether it has a suspect, lease in ms, most crashes, code and
-- message of a task that is not begun again, then the entries that the caller knows to have.
-- Entries that it has no more; tasks that were dropped, as their record is gone; tasks that are not begun again; claims.
local me, most, is_busy, has_suspect, lease = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4] == '1', tonumber(ARGV[5])
local now = time()
-- Of each kind of step, so that no other script waits for long. No claim takes more, so none leaves more behind.
local MOST = 1000
need_group()

local leases_end = heard_of_server(now, lease)

-- What the caller has and does not know of, as the reply was lost; or has not renewed.
local missing = {}
for at = 9, #ARGV do
  missing[ARGV[at]] = true
end
for _, held in ipairs(pending(me, #ARGV - 8 + MOST)) do
  local entry = held[1]
  if missing[entry] and not (leases_end and held[3] > lease) then
    missing[entry] = nil
  else
    untake(entry)
  end
end
local lost = {}
for entry in pairs(missing) do
  table.insert(lost, entry)
end

-- What is to be begun again, now.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', now, 'LIMIT', 0, MOST)) do
  redis.call('ZREM', later, id)
  local known = read(id, 'entry', 'crashes')
  if known[1] then
    requeue(id, known[1], known[2])
  end
end

-- What the dead have left.
local gone, quarantined = {}, {}

-- Whether an entry stands for a task that has not ended. If not, it is dropped.
local function is_alive(entry, id, state)
  if state == 'queued' or state == 'running' then
    return true
  end
  drop_entry(entry)
  if id and not state then
    forget(id)
    table.insert(gone, id)
  end
  return false
end

local function crashed(entry)
  local id = task_of(entry)
  local known = id and read(id, 'state', 'crashes') or {}
  if not is_alive(entry, id, known[1]) then
    return
  end
  local crashes = number(known[2]) + 1
  redis.call('HSET', task(id), 'state', 'queued', 'crashes', crashes)
  if crashes < tonumber(ARGV[6]) then
    return give_back(entry, crashes)
  end
  finish(id, 'failed', now, 'code', ARGV[7], 'message', ARGV[8])
  table.insert(quarantined, id)
end

if leases_end then
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, GROUP)) do
    local name = consumer[2]
    if name ~= me and name ~= RETURNED and name ~= SUSPECTS and name ~= LATER and consumer[4] > 0 then
      for _, held in ipairs(redis.call('XPENDING', stream, GROUP, 'IDLE', lease, '-', '+', MOST, name)) do
        crashed(held[1])
      end
    end
  end
end

local claims = {}

local function take(entry, id)
  local known = id and read(id, 'state', 'topic', 'request', 'trace', 'accepted', 'payload', 'attempts', 'crashes') or {}
  if not is_alive(entry, id, known[1]) then
    return
  end
  local attempts = number(known[7]) + 1
  redis.call('HSET', task(id), 'state', 'running', 'attempts', attempts, 'started', now)
  table.insert(claims, {id, entry, known[2], known[3], known[4], known[5], known[6], tostring(attempts),
    tostring(number(known[8]))})
end

local function is_older(one, other)
  local a, b = string.match(one, '%d+'), string.match(other, '%d+')
  if a ~= b then
    return tonumber(a) < tonumber(b)
  end
  return tonumber(string.match(one, '%d+$')) < tonumber(string.match(other, '%d+$'))
end

-- All that was ever taken is older than what never was. What is younger than a suspect waits until that had its turn: one
-- that is passed by whenever somebody is busy would wait for ever.
if has_suspect then
  return {lost, gone, quarantined, claims}
end
local suspect = pending(SUSPECTS, 1)[1]
for _, held in ipairs(pending(RETURNED, most)) do
  if not suspect or is_older(held[1], suspect[1]) then
    give(held[1], me)
    take(held[1], task_of(held[1]))
  end
end
if suspect then
  if most > 0 and #claims == 0 and not is_busy then
    give(suspect[1], me)
    take(suspect[1], task_of(suspect[1]))
  end
elseif #claims < most then
  local new = redis.call('XREADGROUP', 'GROUP', GROUP, me, 'COUNT', most - #claims, 'STREAMS', stream, '>')
  for _, new in ipairs(new and new[1][2] or {}) do
    take(new[1], new[2][2])
  end
end
return {lost, gone, quarantined, claims}
