-- Asks for the paths of the file PATHS in turn; with TOKENS, a file of one access token per line, each as another person, and
-- with BODIES, a file of one JSON body per line, by POST.
local function lines(name)
  local all = {}
  local file = os.getenv(name)
  if not file or file == "" then return all end
  for line in io.lines(file) do all[#all + 1] = line end
  return all
end

local paths, tokens, bodies = lines("PATHS"), lines("TOKENS"), lines("BODIES")
local turn = 0

function request()
  turn = turn + 1
  local headers = {}
  if #tokens > 0 then headers["Authorization"] = "Bearer " .. tokens[turn % #tokens + 1] end
  local path = paths[turn % #paths + 1]
  if #bodies == 0 then return wrk.format("GET", path, headers) end
  headers["Content-Type"] = "application/json"
  return wrk.format("POST", path, headers, bodies[turn % #bodies + 1])
end
