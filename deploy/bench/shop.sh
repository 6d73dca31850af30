# The shop as shoppers use it, through the gateway of the running system; functions of deploy/bench/run.
# shellcheck shell=bash

api=/api/v1

# Requests per second of the paths in a file, in one round, appended to <name>.rps.
measure_paths() {
    local name=$1 origin=$2 seconds=$3 out
    out=$(PATHS="$dir/$name.paths" TOKENS="${4:-}" BODIES="${5:-}" \
        wrk -t1 -c32 -d"${seconds}s" --latency -s deploy/bench/rotate.lua "$origin")
    grep -q 'Non-2xx\|Socket errors' <<< "$out" && die "$name: $out"
    awk '/Requests\/sec/ { print $2 }' <<< "$out" >> "$dir/$name.rps"
    awk '/ 99%/ { v = $2; if (v ~ /us$/) f = 0.001; else if (v ~ /ms$/) f = 1; else f = 1000; print v * f }' <<< "$out" >> "$dir/$name.p99"
}

# What the shop holds: so many products beside the seeded ones, and what is ready of the older ones is gone.
seed_products() {
    local count=$1 begun ended
    begun=$(date +%s%N)
    (cd "$dir/tree" && "$bin/agape" seed --products "$count" > /dev/null)
    ended=$(date +%s%N)
    seeded_s=$(calc "($ended - $begun) / 1000000000")
    local wanted=$count
    [ "$wanted" -gt 10000 ] && wanted=10000
    until [ "$(curl -fs "$shop$api/products?limit=1" | grep -o '"total":[0-9]*' | cut -d: -f2)" -ge "$wanted" ]; do sleep 1; done
}

# nginx, proxying a file of the bytes that the shop answers to a path.
start_static() {
    mkdir -p "$dir/static"
    static_port=$(free_port)
    sed "s#@DIR@#$dir#; s#@STATIC@#$static_port#" deploy/bench/static.conf.template > "$dir/static.conf"
    PATH=$PATH:/usr/sbin nginx -c "$dir/static.conf" -p "$dir" > "$dir/static.log" 2>&1 &
    pids+=($!)
    proxy_port=$(free_port)
    sed "s#@DIR@#$dir#; s#nginx.pid#proxy.pid#; s#@UPSTREAM@#$static_port#; s#@PORT@#$proxy_port#" \
        deploy/bench/nginx.conf.template > "$dir/proxy.conf"
    PATH=$PATH:/usr/sbin nginx -c "$dir/proxy.conf" -p "$dir" > "$dir/proxy.log" 2>&1 &
    pids+=($!)
    wait_for "http://127.0.0.1:$proxy_port/"
}

# The ratio of the shop to nginx for the paths of <name>, in rounds that alternate.
against_static() {
    local name=$1 first round
    first=$(head -n1 "$dir/$name.paths")
    cp "$dir/$name.paths" "$dir/warm-$name.paths"
    curl -fs "$shop$first" > "$dir/static/$name"
    measure_paths warm-"$name" "$shop" 2
    echo "/$name" > "$dir/$name-nginx.paths"
    : > "$dir/$name.rps"; : > "$dir/$name-nginx.rps"
    local used
    used=$(cpu_ms)
    for round in $(seq "$rounds"); do
        measure_paths "$name-nginx" "http://127.0.0.1:$proxy_port" "$seconds"
        measure_paths "$name" "$shop" "$seconds"
        printf '  round %d: nginx %8.0f/s   shop %8.0f/s   (%d bytes)\n' "$round" "$(tail -n1 "$dir/$name-nginx.rps")" \
            "$(tail -n1 "$dir/$name.rps")" "$(stat -c %s "$dir/static/$name")"
    done
    cpu_each "one $name" "$used" "$(awk -v each="$seconds" '{ n += $1 * each } END { print n }' "$dir/$name.rps")"
    ratio=$(calc "$(median < "$dir/$name.rps") / $(median < "$dir/$name-nginx.rps")")
}

# 200 texts that people look for: whole words, begun ones, misspelt ones.
search_paths() {
    local one two
    for one in royal lace cotton bronz wovn leath silk indig coral clay; do
        for two in dress bag bowl shirt baske cap scar lamp neckl cloth mat sand dre bo sh la ne cl ma sa; do
            echo "$api/products/search?q=$one+$two"
        done
    done > "$dir/$1.paths"
}

measure_shop() {
    seed_products 1000
    start_static
    say "product list, 20 to a page: $rounds rounds of ${seconds}s each, wrk -c32, in turn"
    seq 1 50 | sed "s#^#$api/products?limit=20\&page=#" > "$dir/list.paths"
    against_static list
    goal "ratio list : nginx" "$ratio" at-least 0.40
    say "product by id"
    local page
    for page in $(seq 1 10); do
        curl -fs "$shop$api/products?limit=100&page=$page" | grep -o '"id":"[^"]*","sku":"LOAD-[0-9]*","slug"' | cut -d'"' -f4
    done | sed "s#^#$api/products/#" > "$dir/product.paths"
    against_static product
    goal "ratio product : nginx" "$ratio" at-least 0.40
    say "search among 1,000 products"
    search_paths search
    : > "$dir/search.rps"
    for page in $(seq "$rounds"); do measure_paths search "$shop" "$seconds"; done
    goal "search (1/s)" "$(median < "$dir/search.rps")" at-least 2000
    measure_carts
    say "search among 100,000 products"
    seed_products 100000
    goal "seed of 100,000 products (s)" "$seeded_s" at-most 120
    cp "$dir/search.paths" "$dir/search-many.paths"
    : > "$dir/search-many.p99"
    for page in $(seq "$rounds"); do measure_paths search-many "$shop" "$seconds"; done
    goal "search p99 (ms)" "$(median < "$dir/search-many.p99")" at-most 50
    local pid
    pid=$(running_services | awk '$2 == "catalog" { print $1 }')
    goal "catalog (MB resident)" "$(awk '/VmRSS/ { print $2 / 1024 }' "/proc/$pid/status")" at-most 150
}

# People to buy, in `tokens`, and things to be bought, in `bodies`.
seed_buyers() {
    (cd "$dir/tree" && "$bin/agape" seed --users 2000 > /dev/null)
    grep -o 'eyJ[A-Za-z0-9_.-]*' "$dir/tree/.agape/bench/tokens.json" > "$dir/tokens"
    local page="$shop$api/products?limit=20&page=9"
    curl -fs "$page" | grep -o '"variants":\[{"id":"[^"]*"' | cut -d'"' -f6 > "$dir/variants"
    curl -fs "$page" | grep -o '"id":"[^"]*","sku":"LOAD-[0-9]*","slug"' | cut -d'"' -f4 > "$dir/products"
    paste -d' ' "$dir/products" "$dir/variants" \
        | sed 's#\([^ ]*\) \(.*\)#{"productId":"\1","variantId":"\2","quantity":1}#' | head -n 19 > "$dir/bodies"
}

# Each request adds a thing to the cart of another person.
measure_carts() {
    say "adding to carts, each of another person"
    seed_buyers
    echo "$api/cart/items" > "$dir/cart.paths"
    : > "$dir/cart.rps"
    local used
    used=$(cpu_ms)
    # 19 things and 10 of each: after that many rounds through the people a line is full.
    measure_paths cart "$shop" 4 "$dir/tokens" "$dir/bodies"
    cpu_each "one add to a cart" "$used" "$(awk '{ print $1 * 4 }' "$dir/cart.rps")"
    goal "adds to carts (1/s)" "$(median < "$dir/cart.rps")" at-least 3000
}
