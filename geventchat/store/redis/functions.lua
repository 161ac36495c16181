#!lua name=geventchat
-- All that is ever written: each function is one step that is done as a whole, or not at all.
--
-- Servers agree by reading one list, `feed`. A part of it is what one call has put there: items, each of them msgpack
-- [kind, who, key, room, nick, text, ref, account, …]. `who` is the uid of the user who did it, and the record of that user says
-- with which server it is. What a server sends of a user who is not, or no longer, with it, is left out.
--
--   meta                 format, log, opened, ms, seq, last, first, trimmed, kept: the version, the name of this log,
--                        the process of Redis in which it was opened, the newest id, the newest part's id, the very
--                        first id, that up to which something may have been removed, and that of the last change in
--                        `kept`
--   feed                 a stream: what every server follows; the parts of the last minutes
--   talk:ROOM moves:ROOM streams: what was said in a room, and all else that happened there
--   topics kept          hashes: of each room, and of each kind and key
--   user:UID             a hash: server, nick, key, look, who, proof, old_key, old_look, and in:ROOM for each of its rooms
--   nicks looks          hashes: whose a nick is, by its key and by what it looks like
--   servers              a sorted set: until when each is taken to live, in milliseconds
--   server:ID users:ID   its last batch and the answer to that, and the uids of its users
--   rooms                a set: of which rooms there is such a stream
--   reserved:ID          by which server something is being done with this event, or at all; ends by itself
--   lost                 a list: pairs of ids between which Redis may have forgotten what it was told
--   proved               a set: those of these pairs between which somebody was shown something that is not here
local P = 'geventchat:'
local META, FEED, TOPICS, KEPT, ROOMS = P .. 'meta', P .. 'feed', P .. 'topics', P .. 'kept', P .. 'rooms'
local NICKS, LOOKS, SERVERS, LOST, PROVED = P .. 'nicks', P .. 'looks', P .. 'servers', P .. 'lost', P .. 'proved'
local function call(...) return redis.call(...) end -- it is not there yet while this is loaded

local FEED_PARTS = 100000 -- a minute and more of a very busy chat, for servers that were away
local FEED_MS = 600000 -- ... and not for longer, for what is deleted or too old is there still
local SEQUENCES = 999999 -- ids of one millisecond; one server alone has as many
local OPENING_MS = 2000 -- how long servers have to give back what a restarted Redis has forgotten
local UNKNOWN_MS = 750 -- ... at least, for it may have forgotten some of them: each looks at it every half a second
local LOST_PAIRS = 200
local RESERVED_S = 60 -- by then it is done, or the server that wanted to do it is not there any more

local function clock()
  local now = call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

local function digits(number) return string.format('%.0f', number) end

-- `ms` is a number, or digits: to make these of a number takes longer than all else here.
local function id_of(ms, seq) return string.format('%s-%d', ms, seq) end

local function id_parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local function is_later(one, other)
  local ms, seq = id_parts(one)
  local other_ms, other_seq = id_parts(other)
  return ms > other_ms or (ms == other_ms and seq > other_seq)
end

-- Return what a call needs of `meta`, with `ms` as digits. It is read once, and `put_part` keeps it as it is there.
local function read_meta()
  local had = call('HMGET', META, 'opened', 'log', 'ms', 'seq', 'first', 'last')
  local ms, seq = had[3] or '0', tonumber(had[4] or 0)
  return {opened = had[1], log = had[2], ms = ms, seq = seq, first = had[5], last = had[6] or '0-0'}
end

local function item(kind, who, key, room, nick, text)
  return {kind, who, key, cmsgpack.pack({kind, who, key, room, nick, text})}
end

local NOTHING = {'', '', '', '\192'}

-- What an item changes beside being in the feed.

local function free(names, name, who)
  if name and call('HGET', names, name) == who then call('HDEL', names, name) end
end

local function free_old(who)
  local user = P .. 'user:' .. who
  local old = call('HMGET', user, 'key', 'look', 'old_key', 'old_look')
  if old[3] then
    if old[3] ~= old[1] then free(NICKS, old[3], who) end
    if old[4] ~= old[2] then free(LOOKS, old[4], who) end
    call('HDEL', user, 'old_key', 'old_look')
  end
end

local function is_in_a_room(who)
  for _, field in ipairs(call('HKEYS', P .. 'user:' .. who)) do
    if string.sub(field, 1, 3) == 'in:' then return true end
  end
  return false
end

local function arrived(server, who, key, look, nick, person, proof)
  local user = P .. 'user:' .. who
  local had = call('HMGET', user, 'key', 'look', 'old_key')
  local is_taken_back = had[3] == key -- it was not called otherwise after all
  free_old(who)
  call('HSET', user, 'server', server, 'nick', nick, 'key', key, 'look', look, 'who', person, 'proof', proof)
  if had[1] then call('HSET', user, 'old_key', had[1], 'old_look', had[2]) end -- free once its rooms know
  call('SADD', P .. 'users:' .. server, who)
  call('HSET', NICKS, key, who)
  call('HSET', LOOKS, look, who)
  if is_taken_back or not is_in_a_room(who) then free_old(who) end -- no room is told
end

local function gone(who)
  local user = P .. 'user:' .. who
  local had = call('HMGET', user, 'server', 'key', 'look')
  if not had[1] then return end
  free_old(who)
  free(NICKS, had[2], who)
  free(LOOKS, had[3], who)
  call('SREM', P .. 'users:' .. had[1], who)
  call('DEL', user)
end

local TALK = {said = true, noticed = true, acted = true}
local MOVES = {
  joined = true, left = true, departed = true, renamed = true, topic = true, -- and what moderators do
  kicked = true, ['kick-noted'] = true, banned = true, unbanned = true, muted = true, unmuted = true, slowed = true,
  locked = true, unlocked = true, deleted = true, announced = true, held = true,
}

local function set_if_here(who, field, value)
  local user = P .. 'user:' .. who
  if call('EXISTS', user) == 1 then call('HSET', user, field, value) end
end

local function take(server, id, kind, who, key, bytes)
  if TALK[kind] then
    call('XADD', P .. 'talk:' .. key, id, 'e', bytes)
    return
  end
  if MOVES[kind] then call('XADD', P .. 'moves:' .. key, id, 'e', bytes) end
  if kind == 'joined' then
    set_if_here(who, 'in:' .. key, cmsgpack.unpack(bytes)[4])
  elseif kind == 'deleted' then
    local target = cjson.decode(cmsgpack.unpack(bytes)[6]).target
    call('XDEL', P .. 'talk:' .. key, target)
    call('XDEL', P .. 'moves:' .. key, target)
  elseif kind == 'left' or kind == 'departed' or kind == 'kicked' then
    call('HDEL', P .. 'user:' .. who, 'in:' .. key)
  elseif kind == 'renamed' then
    free_old(who)
  elseif kind == 'topic' then
    local text = cmsgpack.unpack(bytes)[6]
    if text == '' then call('HDEL', TOPICS, key) else call('HSET', TOPICS, key, text) end
  elseif kind == 'kept' then
    local text = cmsgpack.unpack(bytes)[6]
    if text == '' then call('HDEL', KEPT, key) else call('HSET', KEPT, key, text) end
    call('HSET', META, 'kept', id)
  elseif kind == 'arrived' then
    local all = cmsgpack.unpack(bytes)
    arrived(server, who, key, all[4], all[5], all[6], all[7])
  elseif kind == 'changed' then
    set_if_here(who, 'who', cmsgpack.unpack(bytes)[6])
  elseif kind == 'gone' then
    gone(who)
  end
end

-- The feed.

-- Do what items change, and put them into the feed as one part; the last one's id is the part's.
local function put_part(meta, server, ms, seq, head, items)
  local first, id, rooms, whispers = seq - math.max(1, #items), id_of(ms, seq), {}, {}
  local words = {head, string.char(0xdc, math.floor(#items / 256), #items % 256)} -- and all items, as one array
  for i, one in ipairs(items) do
    local kind, who, key, bytes = one[1], one[2], one[3], one[4]
    words[#words + 1] = bytes
    take(server, id_of(ms, first + i), kind, who, key, bytes)
    if TALK[kind] or MOVES[kind] then rooms[#rooms + 1] = key end
    if kind == 'told' then whispers[#whispers + 1] = #words end
  end
  for i = 1, #rooms, 1000 do -- Lua passes on some thousand words at most
    call('SADD', ROOMS, unpack(rooms, i, math.min(i + 999, #rooms)))
  end
  local told = table.concat(words)
  for _, place in ipairs(whispers) do words[place] = '\192' end -- these are passed on, and never stored
  local kept = #whispers > 0 and table.concat(words) or told
  call('XADD', FEED, 'MAXLEN', '~', FEED_PARTS, id, 'p', kept)
  if not meta.first then
    meta.first = id_of(ms, first + 1)
    call('HSET', META, 'first', meta.first)
  end
  meta.ms, meta.seq, meta.last = ms, seq, id
  call('HSET', META, 'ms', ms, 'seq', seq, 'last', id)
  call('PUBLISH', P .. meta.log, told)
end

-- Put items into the feed as one part, each with an id of its own; return the part's id, the last of these.
local function put(meta, server, batch, now, items, dropped)
  local ms, seq = meta.ms, meta.seq
  local at = math.min(now, clock()) -- no server's clock can take the ids ahead
  if at > tonumber(ms) then ms, seq = digits(at), -1 end
  if seq + #items + 1 >= SEQUENCES then ms, seq = digits(ms + 1), -1 end
  seq = seq + math.max(1, #items)
  local head = table.concat({id_of(ms, seq), meta.last, server, batch, table.concat(dropped, ',')}, ' ') .. '\n'
  put_part(meta, server, ms, seq, head, items)
  return meta.last
end

-- Add what happens when a user is taken off the record: it leaves all its rooms, and is gone.
local function evict(who, reason, why, items)
  local record = call('HGETALL', P .. 'user:' .. who)
  local fields = {}
  for i = 1, #record, 2 do fields[record[i]] = record[i + 1] end
  if not fields.server then return end
  for i = 1, #record, 2 do
    if string.sub(record[i], 1, 3) == 'in:' then
      items[#items + 1] = item('departed', who, string.sub(record[i], 4), record[i + 1], fields.nick, reason)
    end
  end
  items[#items + 1] = item('gone', who, fields.key, '', fields.nick, why)
end

-- Return why this server cannot write, or nil; then what stands in `meta`, and the server's last batch and its answer.
local function shut(run, server)
  local meta = read_meta()
  if not meta.opened then return redis.error_reply('FENCED the log is another') end
  if meta.opened ~= run then return redis.error_reply('NOTOPEN the log is not open') end
  local had = call('HMGET', P .. 'server:' .. server, 'batch', 'reply')
  if not had[1] then return redis.error_reply('FENCED another took it for dead') end
  return nil, meta, had[1], had[2]
end

-- What servers call.

-- Return for each user of the items in `args` whether it is with this server, and for '', which is no user: it is.
-- Servers write some hundreds of items at a time: Lua passes on some thousand words at most.
local function are_with(server, args)
  local uids, with = {''}, {} -- there is always one to be asked for
  for i = 6, #args, 4 do
    if args[i] ~= '' then uids[#uids + 1] = args[i] end
  end
  local found = call('SMISMEMBER', P .. 'users:' .. server, unpack(uids))
  for i, who in ipairs(uids) do with[who] = who == '' or found[i] == 1 end
  return with
end

-- Whether somebody has changed what is kept since the server had heard all up to an id that its changes name, which
-- servers of earlier versions do not: it has to make them to what is there now.
local function is_overtaken(args)
  for i = 5, #args, 4 do
    if args[i] == 'kept' then
      local heard, last = cmsgpack.unpack(args[i + 3])[7], call('HGET', META, 'kept')
      return heard ~= '' and last and is_later(last, heard)
    end
  end
  return false
end

-- run, server, batch, now, then kind, who, key and bytes of each item. Nothing at all only asks for the newest id.
local function append(keys, args)
  local run, server, batch, now = args[1], args[2], args[3], tonumber(args[4])
  local refusal, meta, last_batch, last_id = shut(run, server)
  if refusal then return refusal end
  if #args == 4 then return meta.last end
  -- Sent again, because the answer was lost; or come so late that what was sent again, and more, has overtaken it.
  if tonumber(batch) <= (tonumber(last_batch) or 0) then return last_id end
  if is_overtaken(args) then return redis.error_reply('OVERTAKEN ' .. meta.last) end
  local with, items, dropped, leaving = are_with(server, args), {}, {}, {}
  for i = 5, #args, 4 do
    local kind, who = args[i], args[i + 1]
    if not with[who] then
      dropped[#dropped + 1] = string.format('%d', (i - 5) / 4)
    elseif kind == 'gone' then
      leaving[#leaving + 1] = {who, '', 'left'}
      items[#items + 1] = NOTHING
    elseif kind == 'arrived' and (call('HGET', NICKS, args[i + 2]) or who) ~= who then -- another was faster
      leaving[#leaving + 1] = {who, 'another has its name', 'lost'}
      items[#items + 1], with[who] = NOTHING, false
    else
      items[#items + 1] = {kind, who, args[i + 2], args[i + 3]}
    end
  end
  local id = put(meta, server, batch, now, items, dropped)
  local more = {}
  for _, one in ipairs(leaving) do evict(one[1], one[2], one[3], more) end
  if #more > 0 then id = put(meta, server, '', now, more, {}) end
  call('HSET', P .. 'server:' .. server, 'batch', batch, 'reply', id)
  return id
end

-- run, server, now, who, key, the item that tells of it, and the proof of who may be sent away for it
local function claim(keys, args)
  local run, server, now, who, key, bytes, earlier = args[1], args[2], tonumber(args[3]), args[4], args[5], args[6], args[7]
  local refusal, meta = shut(run, server)
  if refusal then return refusal end
  local arrival, items = cmsgpack.unpack(bytes), {}
  local look, nick = arrival[4], arrival[5]
  local holder, double = call('HGET', NICKS, key), call('HGET', LOOKS, look)
  if holder and holder ~= who then
    local had = call('HMGET', P .. 'user:' .. holder, 'nick', 'proof')
    if had[2] ~= earlier then return {'taken', had[1] or nick} end
    evict(holder, 'came back on another connection', 'replaced', items)
  end
  if double and double ~= who and double ~= holder then
    return {'looks', call('HGET', P .. 'user:' .. double, 'nick') or nick}
  end
  if #items > 0 then put(meta, server, '', now, items, {}) end
  local had = call('HMGET', P .. 'user:' .. who, 'key', 'nick')
  if had[1] == key and had[2] == nick then return {'', meta.last} end
  return {'', put(meta, server, '', now, {{'arrived', who, key, bytes}}, {})}
end

-- run, server, now, who: what was claimed in vain
local function release(keys, args)
  local refusal, meta = shut(args[1], args[2])
  if refusal then return refusal end
  local items = {}
  if call('HGET', P .. 'user:' .. args[4], 'server') == args[2] then evict(args[4], '', 'left', items) end
  if #items > 0 then return put(meta, args[2], '', tonumber(args[3]), items, {}) end
  return meta.last
end

-- run, server, id of an event, or what it is that can be done once: whether that is for this server, and none other
local function reserve(keys, args)
  local refusal = shut(args[1], args[2])
  if refusal then return refusal end
  local reserved = P .. 'reserved:' .. args[3]
  call('SET', reserved, args[2], 'NX', 'EX', RESERVED_S)
  return call('GET', reserved) == args[2] and 1 or 0 -- it may ask again, if the answer was lost
end

-- run, server, lease in milliseconds, format, name for a new log: become one of the servers
local function register(keys, args)
  local run, server, lease, format = args[1], args[2], tonumber(args[3]), args[4]
  if call('EXISTS', META) == 0 then
    if call('EXISTS', FEED, TOPICS, KEPT, ROOMS, NICKS, LOOKS, LOST, PROVED) > 0 then
      return redis.error_reply('WRONGTYPE they belong to no log')
    end
    call('HSET', META, 'format', format, 'log', args[5], 'opened', run)
  end
  local had = call('HGET', META, 'format')
  if not had then return redis.error_reply('WRONGTYPE it is no log') end
  if had ~= format then return redis.error_reply('FORMAT ' .. had) end
  local meta = read_meta()
  call('HSET', P .. 'server:' .. server, 'batch', '', 'lease', lease)
  call('ZADD', SERVERS, digits(clock() + lease), server)
  return {meta.log, meta.last}
end

-- Whether a part is not here that cannot be too old for that: another Redis had it, which this one has replaced.
local function is_missing(id)
  if #call('XRANGE', FEED, id, id) > 0 then return false end
  local oldest = call('XRANGE', FEED, '-', '+', 'COUNT', 1)[1]
  return oldest ~= nil and is_later(id, oldest[1])
end

-- Give all servers their lease again, from now on: nobody could show that it lives.
local function renew_all(now)
  for _, server in ipairs(call('ZRANGE', SERVERS, 0, -1)) do
    local lease = call('HGET', P .. 'server:' .. server, 'lease')
    if lease then call('ZADD', SERVERS, digits(now + lease), server) end
  end
end

-- run, server, the id of the newest part it has heard, which servers of earlier versions do not say: show that it
-- lives; return how many do not
local function renew(keys, args)
  local refusal, meta = shut(args[1], args[2]) -- a server that has nothing to say gives back what it heard, too
  if refusal then return refusal end
  if args[3] and is_missing(args[3]) then return redis.error_reply('FENCED it has heard what is not here') end
  -- Here, as it need not be with each part; and up to the newest, so that who has missed something can find that out.
  call('XTRIM', FEED, 'MINID', id_of(math.max(0, id_parts(meta.last) - FEED_MS), 0))
  local lease = call('HGET', P .. 'server:' .. args[2], 'lease')
  local now = clock()
  -- It is too late, and none of the others has noticed: Redis did not answer, or its clock was set forward.
  if tonumber(call('ZSCORE', SERVERS, args[2]) or 0) < now then renew_all(now) end
  call('ZADD', SERVERS, digits(now + lease), args[2])
  return call('ZCOUNT', SERVERS, '-inf', '(' .. digits(now))
end

-- run, server: it ends, or begins anew; what it has left behind can be swept
local function resign(keys, args)
  call('DEL', P .. 'server:' .. args[2])
  call('ZADD', SERVERS, 0, args[2])
  return 1
end

-- run, server, now, most, whether only those who have resigned count as dead: of a server that is dead, send up to so
-- many users away; return how many these were, -1 if none is dead
local function sweep(keys, args)
  local refusal, meta = shut(args[1], args[2])
  if refusal then return refusal end
  local until_when = args[5] == '1' and 0 or clock() - 1
  local dead = call('ZRANGEBYSCORE', SERVERS, '-inf', digits(until_when), 'LIMIT', 0, 1)[1]
  if not dead then return -1 end
  call('DEL', P .. 'server:' .. dead) -- from here on, it is fenced
  local items, users = {}, call('SRANDMEMBER', P .. 'users:' .. dead, args[4])
  for _, who in ipairs(users) do evict(who, 'connection lost', 'lost', items) end
  if #items > 0 then put(meta, args[2], '', tonumber(args[3]), items, {}) end
  if call('SCARD', P .. 'users:' .. dead) == 0 then call('ZREM', SERVERS, dead) end
  return #users
end

-- run, id: what is up to this id may have been removed
local function trimmed(keys, args)
  if call('EXISTS', META) == 0 then return redis.error_reply('FENCED the log is another') end
  if is_later(args[2], call('HGET', META, 'trimmed') or '0-0') then call('HSET', META, 'trimmed', args[2]) end
  return 1
end

-- run, id, cursor, count: remove what is earlier, in some of the rooms, and rooms of which nothing is left; return the
-- next cursor
local function trim(keys, args)
  local found = call('SSCAN', ROOMS, args[3], 'COUNT', args[4])
  for _, room in ipairs(found[2]) do
    local left = 0
    for _, stream in ipairs({P .. 'talk:' .. room, P .. 'moves:' .. room}) do
      call('XTRIM', stream, 'MINID', args[2])
      local length = call('XLEN', stream)
      if length == 0 then call('DEL', stream) end
      left = left + length
    end
    if left == 0 then call('SREM', ROOMS, room) end
  end
  return found[1]
end

-- run, cursor, count: some of the users who are here: who, and fields; the next cursor first
local function users(keys, args)
  local found = call('HSCAN', NICKS, args[2], 'COUNT', args[3])
  local out = {found[1]}
  for i = 2, #found[2], 2 do
    local who = found[2][i]
    out[#out + 1] = {who, call('HGETALL', P .. 'user:' .. who)}
  end
  return out
end

-- Redis has forgotten the end of what it was told: it was killed, or another takes its place.

local function put_back(meta, part)
  local head, body = string.match(part, '^([^\n]*)\n(.*)$')
  local id, before, server, batch = string.match(head, '^(%S+) (%S+) (%S+) (%S*) ')
  if before ~= meta.last then return false end
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  -- One by one: there may be nothing in an item's place, and a table of Lua's would end there.
  local items, from = {}, 3
  for i = 1, string.byte(body, 2) * 256 + string.byte(body, 3) do
    local behind, one = cmsgpack.unpack_one(body, from)
    items[i] = one and {one[1], one[2], one[3], string.sub(body, from + 1, behind)} or NOTHING
    from = behind
  end
  put_part(meta, server, ms, tonumber(seq), head .. '\n', items)
  if call('EXISTS', P .. 'server:' .. server) == 0 then
    call('ZADD', SERVERS, 'NX', 0, server) -- its users can go
  elseif batch ~= '' then
    call('HSET', P .. 'server:' .. server, 'batch', batch, 'reply', id)
  end
  return true
end

local function note_lost(first, last)
  call('RPUSH', LOST, first, last)
  while call('LLEN', LOST) > LOST_PAIRS do
    local oldest = call('LPOP', LOST, 2)
    call('SREM', PROVED, oldest[1] .. ' ' .. oldest[2])
  end
end

-- Whether all between these ids, these excluded, is known to be lost.
local function is_noted(first, last)
  local noted = call('LRANGE', LOST, 0, -1)
  for i = 1, #noted, 2 do
    if not is_later(noted[i], first) and not is_later(last, noted[i + 1]) then return true end
  end
  return false
end

local function is_lost(id)
  local pairs_of = call('LRANGE', LOST, 0, -1)
  for i = 1, #pairs_of, 2 do
    if is_later(id, pairs_of[i]) and is_later(pairs_of[i + 1], id) then return 1 end
  end
  local meta = read_meta()
  return is_later(id, id_of(meta.ms, meta.seq)) and 1 or 0
end

-- run, server, now, a pair of `lost`, and who was shown something between them: all servers tell their other users
local function prove(keys, args)
  local refusal, meta = shut(args[1], args[2])
  if refusal then return refusal end
  local pair = args[4] .. ' ' .. args[5]
  if call('SADD', PROVED, pair) == 0 then return meta.last end
  return put(meta, args[2], '', tonumber(args[3]), {item('lost', args[6] or '', '', '', '', pair)}, {})
end

-- run, server, now, and ids between which this server was told by another Redis what is not here: it is lost, unless
-- that is known, and told where somebody comes back
local function part(keys, args)
  local refusal, meta = shut(args[1], args[2])
  if refusal then return refusal end
  if is_noted(args[4], args[5]) then return meta.last end
  note_lost(args[4], args[5])
  return prove(keys, args)
end

-- run, server, the id of the newest part it has heard, and the parts after the newest that is here, oldest first:
-- return whether the log is open now, and whether what the server has heard is lost. Parts that do not follow what is
-- here may do so once another server has given back those between: so long, the server has them still to give back.
local function offer(keys, args)
  local run, server, heard = args[1], args[2], args[3]
  local meta = read_meta()
  if not meta.opened then return redis.error_reply('FENCED the log is another') end
  if meta.opened == run then return {1, is_lost(heard)} end
  local fits = true
  for i = 4, #args do
    if fits and is_later(string.match(args[i], '^(%S+)'), meta.last) then fits = put_back(meta, args[i]) end
  end
  local offered, waiting = P .. 'offered:' .. run, P .. 'waiting:' .. run
  call('SADD', fits and offered or waiting, server)
  if fits then call('SREM', waiting, server) end
  for _, key in ipairs({offered, waiting}) do call('EXPIRE', key, 600) end
  local now = clock()
  call('HSETNX', META, 'opening:' .. run, digits(now))
  local waited = now - tonumber(call('HGET', META, 'opening:' .. run))
  if waited < UNKNOWN_MS or (waited < OPENING_MS and call('EXISTS', waiting) == 1) then return {0, 0} end
  for _, other in ipairs(call('ZRANGE', SERVERS, 0, -1)) do
    local lives = call('EXISTS', P .. 'server:' .. other) == 1
    if lives and waited < OPENING_MS and call('SISMEMBER', offered, other) == 0 then return {0, 0} end
  end
  call('HDEL', META, 'opening:' .. run)
  local ms = math.max(now, meta.ms + 1)
  note_lost(meta.last, id_of(ms, 0))
  local lost = is_lost(heard)
  call('HSET', META, 'opened', run, 'ms', digits(ms), 'seq', 0)
  renew_all(now)
  return {1, lost}
end

redis.register_function('geventchat_append', append)
redis.register_function{function_name = 'geventchat_append_always', callback = append, flags = {'allow-oom'}}
redis.register_function('geventchat_claim', claim)
redis.register_function{function_name = 'geventchat_release', callback = release, flags = {'allow-oom'}}
redis.register_function{function_name = 'geventchat_reserve', callback = reserve, flags = {'allow-oom'}}
redis.register_function('geventchat_register', register)
redis.register_function('geventchat_renew_with_room', renew) -- Redis refuses it where no memory is left
redis.register_function{function_name = 'geventchat_renew', callback = renew, flags = {'allow-oom'}}
redis.register_function{function_name = 'geventchat_resign', callback = resign, flags = {'allow-oom'}}
redis.register_function{function_name = 'geventchat_sweep', callback = sweep, flags = {'allow-oom'}}
redis.register_function{function_name = 'geventchat_trimmed', callback = trimmed, flags = {'allow-oom'}}
redis.register_function{function_name = 'geventchat_trim', callback = trim, flags = {'allow-oom'}}
redis.register_function{function_name = 'geventchat_users', callback = users, flags = {'no-writes'}}
redis.register_function{function_name = 'geventchat_prove', callback = prove, flags = {'allow-oom'}}
redis.register_function{function_name = 'geventchat_part', callback = part, flags = {'allow-oom'}}
redis.register_function{function_name = 'geventchat_offer', callback = offer, flags = {'allow-oom'}}
