-- Counts one hit for each key in a window that begins with the key's first hit.
-- KEYS[i]: what is counted; ARGV[i]: the window in milliseconds.
-- Answers, for each key, the hits in the window so far and the milliseconds until it ends.
local answer = {}
for i, key in ipairs(KEYS) do
  local hits = redis.call('INCR', key)
  local left = -1
  if hits > 1 then left = redis.call('PTTL', key) end
  if left < 0 then
    left = tonumber(ARGV[i])
    redis.call('PEXPIRE', key, left)
  end
  answer[#answer + 1] = hits
  answer[#answer + 1] = left
end
return answer
