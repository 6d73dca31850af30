-- For wrk: holds one unit of any of the variants in the file VARIANTS, each for another order of another buyer.

local variants = {}
for id in io.lines(os.getenv("VARIANTS")) do
    variants[#variants + 1] = id
end

math.randomseed(os.time())
local prefix = string.format("%08x-%04x-4000-8000-", math.random(0, 0xffffffff), math.random(0, 0xffff))
local count = 0

wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
wrk.headers["Content-Type"] = "application/json"

request = function()
    count = count + 1
    local id = prefix .. string.format("%012x", count)
    local variant = variants[math.random(#variants)]
    return wrk.format(nil, nil, nil, '{"orderId":"' .. id .. '","buyer":{"userId":"' .. id
        .. '"},"lines":[{"variantId":"' .. variant .. '","quantity":1}],"ttlSeconds":900}')
end
