# Functions of deploy/bench/run.
# shellcheck shell=bash

bin=$(realpath -m "${CARGO_TARGET_DIR:-target}")/release
dir=$(mktemp -d "${TMPDIR:-/tmp}/agape-bench.XXXXXX")
chmod 755 "$dir"
path=/api/v1/products
pids=()
missed=0

cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() { printf '\n%s\n' "$*"; }
die() { printf 'bench: %s\n' "$*" >&2; exit 1; }
calc() { awk "BEGIN { printf \"%.3f\", $1 }"; }
field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" <<< "$2"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# Prints a figure and notes whether its goal is met.
goal() {
    local name=$1 value=$2 relation=$3 bound=$4 sign='>=' word=ok
    [ "$relation" = at-most ] && sign='<='
    awk "BEGIN { exit !($value $sign $bound) }" || { word=MISSED; missed=1; }
    printf '  %-28s %10s   goal %s %s   %s\n' "$name" "$value" "$sign" "$bound" "$word"
}

finish() {
    say "$([ $missed = 0 ] && echo 'All goals are met.' || echo 'Some goals are missed.')"
    return $missed
}

# Installs what is missing.
need() {
    local missing=() program package
    for program in "$@"; do
        command -v "$program" > /dev/null || [ -x "/usr/sbin/$program" ] || missing+=("$program")
    done
    [ ${#missing[@]} = 0 ] && return
    local sudo=''
    [ "$(id -u)" = 0 ] || sudo=sudo
    say "installing ${missing[*]}"
    for package in "${missing[@]}"; do
        $sudo apt-get install -y --no-install-recommends "$package" > /dev/null || die "cannot install $package"
    done
}

# A port that nothing listens on, below the range that the kernel hands out.
free_port() {
    local port
    while :; do
        port=$((10000 + RANDOM % 20000))
        (exec 3<> "/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

wait_for() {
    local url=$1 tries
    for tries in $(seq "${2:-500}"); do
        curl -fso /dev/null "$url" && return
        sleep 0.02
    done
    die "$url does not answer after $tries tries: $(cat "$dir"/*.log)"
}

start_infrastructure() {
    redis_port=$(free_port)
    redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$dir" > "$dir/redis.log" &
    pids+=($!)
    upstream_port=$(free_port)
    "$bin/examples/upstream" "$dir" "$upstream_port" > "$dir/upstream.log" 2>&1 &
    pids+=($!)
    wait_for "http://127.0.0.1:$upstream_port/readyz"
}

# Becomes the given command with the gateway's settings; run it in the background.
become_gateway() {
    exec env GATEWAY__PORT="$gateway_port" GATEWAY__OPS_PORT="$gateway_ops_port" \
        GATEWAY__REDIS__URL="redis://127.0.0.1:$redis_port/" GATEWAY__AMQP__URL="amqp://127.0.0.1:1/%2f" \
        GATEWAY__UPSTREAMS__AUTH__URL="http://127.0.0.1:$upstream_port" \
        GATEWAY__UPSTREAMS__AUTH__OPS_URL="http://127.0.0.1:$upstream_port" \
        GATEWAY__UPSTREAMS__CATALOG__URL="http://127.0.0.1:$upstream_port" \
        GATEWAY__UPSTREAMS__CATALOG__OPS_URL="http://127.0.0.1:$upstream_port" \
        GATEWAY__SERVICE_KEY__FILE="$dir/key.der" GATEWAY__SERVICE_KEYS__FILE="$dir/keys.json" \
        GATEWAY__LOG_HASH__KEY_FILE="$dir/hash.key" \
        GATEWAY__RATE_LIMIT__PUBLIC=1000000000 GATEWAY__ACCESS_LOG__EVERY="${ACCESS_LOG_EVERY:-0}" "$@"
}

# The gateway as it is in production, but with a limit that is never reached and, like nginx, without access lines.
start_gateway() {
    gateway_port=$(free_port)
    gateway_ops_port=$(free_port)
    become_gateway "$bin/gateway" serve > "$dir/gateway.log" 2>&1 &
    pids+=($!)
    wait_for "http://127.0.0.1:$gateway_ops_port/readyz"
}

start_nginx() {
    nginx_port=$(free_port)
    sed "s#@DIR@#$dir#; s#@UPSTREAM@#$upstream_port#; s#@PORT@#$nginx_port#" deploy/bench/nginx.conf.template > "$dir/nginx.conf"
    PATH=$PATH:/usr/sbin nginx -c "$dir/nginx.conf" -p "$dir" > "$dir/nginx.log" 2>&1 &
    pids+=($!)
    wait_for "http://127.0.0.1:$nginx_port/"
}

warm_up() {
    local port
    for port in "$nginx_port" "$gateway_port"; do
        wrk -t1 -c32 -d2s -H "Authorization: Bearer $(cat "$dir/token")" "http://127.0.0.1:$port$path" > /dev/null
    done
}

# Appends the requests per second to <name>.rps; an answer that is not 2xx makes the round worthless.
measure() {
    local name=$1 url=$2 seconds=$3 out
    out=$(wrk -t1 -c32 -d"${seconds}s" -H "Authorization: Bearer $(cat "$dir/token")" "$url")
    grep -q 'Non-2xx\|Socket errors' <<< "$out" && die "$name: $out"
    awk '/Requests\/sec/ { print $2 }' <<< "$out" >> "$dir/$name.rps"
}

# The whole system as `agape up` runs it, in a tree of its own.
start_system() {
    mkdir -p "$dir/tree/.agape"
    local service upper variables=()
    for service in $(ls services); do
        upper=${service^^}
        variables+=("${upper}__PORT=$(free_port)" "${upper}__OPS_PORT=$(free_port)")
    done
    # The limits are on and never reached, and there are no access lines, as in nginx.
    variables+=(GATEWAY__RATE_LIMIT__PUBLIC=1000000000 GATEWAY__RATE_LIMIT__WEBHOOK=1000000000
        GATEWAY__ACCESS_LOG__EVERY=0 "SANDBOX__PORT=$(free_port)" "SANDBOX__OPS_PORT=$(free_port)"
        SANDBOX__RESEND__RATE_LIMIT=1000000 NOTIFICATIONS__RESEND__RATE_PER_SECOND=1000)
    sandbox=http://127.0.0.1:$(printf '%s\n' "${variables[@]}" | sed -n 's/^SANDBOX__PORT=//p')
    shop=http://127.0.0.1:$(printf '%s\n' "${variables[@]}" | sed -n 's/^GATEWAY__PORT=//p')
    (cd "$dir/tree" && exec env "${variables[@]}" "$bin/agape" up) > "$dir/up.log" 2>&1 &
    system=$!
    pids+=("$system")
    local ops
    ops=$(printf '%s\n' "${variables[@]}" | sed -n 's/^GATEWAY__OPS_PORT=//p')
    wait_for "http://127.0.0.1:$ops/readyz" 3000
}

# The services that run under `agape up`, as "pid name".
running_services() { pgrep -P "$system" -a | sed -n 's/^\([0-9]*\) .* serve \([a-z]*\).*/\1 \2/p'; }

# Becomes one more process of a service, with the settings of the one that runs, on ports of its own.
become_service() {
    local service=$1 pid=$2 port=$3 ops_port=$4 settings
    mapfile -d '' -t settings < <(grep -zv '^LISTEN_\|^NOTIFY_SOCKET=' "/proc/$pid/environ")
    exec env -i "${settings[@]}" "${service^^}__PORT=$port" "${service^^}__OPS_PORT=$ops_port" "$bin/agape" serve "$service"
}

# Starts a service again and again and takes the medians.
measure_starts() {
    local service=$1 running=$2 start ready pid ops_port run
    : > "$dir/ready.ms"; : > "$dir/idle.mb"
    for run in $(seq "$starts"); do
        ops_port=$(free_port)
        start=$(date +%s%N)
        become_service "$service" "$running" "$(free_port)" "$ops_port" > "$dir/start.log" 2>&1 &
        pid=$!
        pids+=("$pid")
        until curl -fso /dev/null "http://127.0.0.1:$ops_port/readyz"; do
            kill -0 "$pid" 2>/dev/null || die "$service ends in run $run: $(cat "$dir/start.log")"
            sleep 0.005
        done
        ready=$(date +%s%N)
        sleep 2
        awk "BEGIN { print ($ready - $start) / 1000000 }" >> "$dir/ready.ms"
        awk '/VmRSS/ { print $2 / 1024 }' "/proc/$pid/status" >> "$dir/idle.mb"
        kill "$pid"
        wait "$pid" 2>/dev/null || true
    done
    goal "$service ready after (ms)" "$(median < "$dir/ready.ms")" at-most 300
    goal "$service idle (MB resident)" "$(median < "$dir/idle.mb")" at-most 25
}
