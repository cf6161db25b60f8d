-- What every script begins with: the names of the keys, and the steps that several scripts take.
--
-- KEYS[1] is the prefix in braces. All other names are derived from it, so that a cluster keeps them on one node.
--
--   :layout           the number of the layout that is described here
--   :task:<id>        hash: the record of a task, with its payload until it ends and its result from then on
--   :stream           stream: one entry for each task that has not ended, the first to be begun first; group `workers`
--   :later            sorted set: tasks that are to be begun again, by when
--   :list:<owner>     sorted set: tasks of an owner, by the number of acceptance
--   :seq              the last number of acceptance
--   :idempotency      hash: owner and key to the id and the fingerprint
--   :sizes, :bytes    hash: every task with the bytes that it holds; their sum
--   :ended            sorted set: tasks that have ended and owe no callback, by when they ended
--   :due              set: tasks that owe a callback
--   :due:<host>       sorted set: those of one host, by when they are due, or by when who sends them is taken for dead
--   :hosts            sorted set: hosts by the least of those times
--   :dead             set: tasks whose callback is dead
--   :pulse            hash: when servers were last heard of, and until when no lease ends
--
-- The entry of a task is held by the consumer of the process that runs it. While nobody does, but somebody did, it is held
-- by one of the consumers that stand for no process.
local base = KEYS[1]
local stream, later, list, sizes = base .. ':stream', base .. ':later', base .. ':list:', base .. ':sizes'
local ended, due, hosts, dead = base .. ':ended', base .. ':due', base .. ':hosts', base .. ':dead'
local idempotency = base .. ':idempotency'
local GROUP, RETURNED, SUSPECTS, LATER = 'workers', 'returned', 'suspects', 'later'
local LAYOUT = '1'

local layout = redis.call('GET', base .. ':layout')
if layout and layout ~= LAYOUT then
  return redis.error_reply('LAYOUT the tasks are stored in layout ' .. layout .. ', and this program knows ' .. LAYOUT)
end

local function time()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

local function task(id)
  return base .. ':task:' .. id
end

-- Fields of a record; all false if there is none, or something else has its name.
local function read(id, ...)
  local values = redis.pcall('HMGET', task(id), ...)
  return values.err and {} or values
end

local function number(text)
  return tonumber(text or 0) or 0
end

-- A record as the program reads it.
local function row(id, with_result)
  local fields = read(id, 'owner', 'topic', 'request', 'trace', 'state', 'attempts', 'accepted', 'started', 'finished',
    'code', 'message', 'url', 'host', 'callback', 'callback_attempts', 'callback_last', 'callback_due',
    with_result and 'result' or 'no')
  table.insert(fields, 1, id)
  return fields
end

local function need_group()
  if redis.call('EXISTS', stream) == 0 then
    redis.call('XGROUP', 'CREATE', stream, GROUP, '0', 'MKSTREAM')
  end
end

local function pending(consumer, most)
  return redis.call('XPENDING', stream, GROUP, '-', '+', most, consumer)
end

-- The consumer that holds an entry.
local function holder(entry)
  local found = entry and redis.pcall('XPENDING', stream, GROUP, entry, entry, 1)
  return found and found[1] and found[1][2]
end

local function give(entry, consumer)
  redis.call('XCLAIM', stream, GROUP, consumer, 0, entry, 'JUSTID')
end

-- To those that wait, in its old place.
local function give_back(entry, crashes)
  give(entry, number(crashes) > 0 and SUSPECTS or RETURNED)
end

local function task_of(entry)
  local found = redis.call('XRANGE', stream, entry, entry)
  return found[1] and found[1][2][2]
end

local function drop_entry(entry)
  if entry then
    redis.call('XACK', stream, GROUP, entry)
    redis.call('XDEL', stream, entry)
  end
end

-- Behind those that wait: what comes back again and again keeps nobody else from having a turn.
local function requeue(id, entry, crashes)
  if number(crashes) > 0 then
    return give(entry, SUSPECTS)
  end
  drop_entry(entry)
  redis.call('HSET', task(id), 'entry', redis.call('XADD', stream, '*', 'id', id))
end

local function resize(id, size)
  local before = number(redis.call('HGET', sizes, id))
  redis.call('HSET', sizes, id, size)
  redis.call('INCRBY', base .. ':bytes', size - before)
end

local function host_changed(host)
  local first = redis.call('ZRANGE', due .. ':' .. host, 0, 0, 'WITHSCORES')
  if first[1] then
    redis.call('ZADD', hosts, first[2], host)
  else
    redis.call('ZREM', hosts, host)
  end
end

local function callback_due(id, host, at, shown)
  redis.call('HSET', task(id), 'callback', 'due', 'callback_due', shown or at)
  redis.call('SADD', due, id)
  redis.call('ZADD', due .. ':' .. host, at, id)
  host_changed(host)
end

local function callback_not_due(id, host)
  redis.call('SREM', due, id)
  redis.call('ZREM', due .. ':' .. host, id)
  host_changed(host)
end

-- Ends a task; the rest are fields of its record.
local function finish(id, state, now, ...)
  local known = read(id, 'entry', 'host')
  drop_entry(known[1])
  redis.call('ZREM', later, id)
  redis.call('HDEL', task(id), 'payload')
  redis.call('HSET', task(id), 'state', state, 'finished', now, ...)
  resize(id, redis.call('HSTRLEN', task(id), 'result'))
  if known[2] and state ~= 'cancelled' then
    callback_due(id, known[2], now)
  else
    redis.call('ZADD', ended, now, id)
  end
end

local function forget(id)
  local known = read(id, 'owner', 'key')
  resize(id, 0)
  redis.call('HDEL', sizes, id)
  if known[2] and string.sub(redis.call('HGET', idempotency, known[2]) or '', 1, 36) == id then
    redis.call('HDEL', idempotency, known[2])
  end
  redis.call('ZREM', list .. (known[1] and '+' .. known[1] or '-'), id)
  redis.call('ZREM', ended, id)
  redis.call('SREM', dead, id)
  redis.call('DEL', task(id))
end

-- Notes that a server is there. Whether leases end: not if none was heard of for long. Then Redis was out of reach, or its
-- clock was set, and nobody could renew a lease; everybody has the time of one to do so.
local function heard_of_server(now, lease)
  local pulse = redis.call('HMGET', base .. ':pulse', 'heard', 'grace')
  local silence, grace = math.abs(now - number(pulse[1])), number(pulse[2])
  if silence > lease / 2 then
    grace = now + lease
    redis.call('HSET', base .. ':pulse', 'grace', grace)
  end
  if silence > lease / 8 then
    redis.call('HSET', base .. ':pulse', 'heard', now)
  end
  return now >= grace
end

-- Makes a task that is running wait again, as if it had not been taken.
local function untake(entry)
  local id = task_of(entry)
  if not id then
    return drop_entry(entry)
  end
  local known = read(id, 'state', 'attempts', 'crashes')
  if known[1] == 'running' then
    local attempts = number(known[2]) - 1
    redis.call('HSET', task(id), 'state', 'queued', 'attempts', attempts)
    if attempts == 0 then
      redis.call('HDEL', task(id), 'started')
    end
  end
  give_back(entry, known[3])
end
