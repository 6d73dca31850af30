# Shoppers who buy, through the gateway of the running system; functions of deploy/bench/run.
# shellcheck shell=bash

# A setting of a running service.
setting_of() {
    local pid
    pid=$(running_services | awk -v name="$1" '$2 == name { print $1 }')
    tr '\0' '\n' < "/proc/$pid/environ" | sed -n "s/^$2=//p"
}

# One value that a service's database knows.
ask_database() { psql -qAt "$(setting_of "$1" "${1^^}__DATABASE__URL")" -c "$2"; }

# Processor time that the services have used so far, in milliseconds.
cpu_ms() {
    local pid service
    while read -r pid service; do cat "/proc/$pid/stat"; done < <(running_services) |
        awk -v tick="$(getconf CLK_TCK)" '{ used += $14 + $15 } END { print used * 1000 / tick }'
}

# Prints what each of so many things has cost since then.
cpu_each() { printf '  %-28s %10s\n' "$1, services' CPU (ms)" "$(calc "($(cpu_ms) - $2) / $3")"; }

shoppers() { "$bin/examples/shoppers" "$shop" "$sandbox" "$dir/tokens" "$@"; }

# Signs an account of the seed in.
token_of() {
    local password
    password=$(tr -d '\n' < "$dir/tree/.agape/accounts.json" | sed "s/.*\"$1@agape.example\", *\"password\": *\"\([^\"]*\)\".*/\1/")
    curl -fs "$shop$api/auth/login" -H 'Content-Type: application/json' \
        -d "{\"email\":\"$1@agape.example\",\"password\":\"$password\"}" | sed 's/.*"accessToken":"\([^"]*\)".*/\1/'
}

# Has inventory have so many of each variant in a file of bodies.
set_stock() {
    local variant token
    token=$(token_of admin)
    while read -r variant; do
        curl -fs -X PATCH "$shop$api/admin/inventory/$variant/stock" -H "Authorization: Bearer $token" \
            -H 'Content-Type: application/json' -d "{\"quantity\":$1,\"operation\":\"set\",\"reason\":\"measuring\"}" > /dev/null
    done < <(sed 's/.*"variantId":"\([^"]*\)".*/\1/' "$2")
}

# Waits until nothing is left to draw or to send; prints how long that takes.
measure_drain() {
    local begun drawn sent
    begun=$(date +%s%N)
    until [ "$(ask_database orders 'SELECT count(*) FROM documents WHERE pdf IS NULL')" = 0 ]; do sleep 0.2; done
    drawn=$(date +%s%N)
    until [ "$(ask_database notifications "SELECT count(*) FROM messages WHERE status IN ('pending', 'sending')")" = 0 ]; do sleep 0.2; done
    sent=$(date +%s%N)
    printf '  %-28s %10s\n' "invoices drained after (s)" "$(calc "($drawn - $begun) / 1000000000")"
    printf '  %-28s %10s\n' "mails drained after (s)" "$(calc "($sent - $begun) / 1000000000")"
}

# The upper bound that 99 of 100 of a service's answers to an endpoint stayed below, in milliseconds, from its histogram.
ack_p99() {
    curl -fs "$1/metrics" | awk '
        /http_request_duration_seconds_bucket/ && /webhook/ {
            match($0, /le="[^"]*"/); bound = substr($0, RSTART + 4, RLENGTH - 5); count[bound] += $NF; if (!(bound in seen)) { order[++n] = bound; seen[bound] = 1 }
        }
        END { for (i = 1; i <= n; i++) if (count[order[i]] >= 0.99 * count["+Inf"]) { print order[i] * 1000; exit } }'
}

measure_checkouts() {
    local result used rate count=${CHECKOUTS:-1500}
    say "checkouts, 32 at a time, each of another shopper: order, payment, the vendor's webhook, until the order is processing"
    set_stock 100000 "$dir/bodies"
    shoppers "$dir/bodies" 0 200 buy closed:32 > /dev/null
    # PostgreSQL plans for empty tables until it has looked at what is in them.
    sql_in agape -c ANALYZE
    used=$(cpu_ms)
    result=$(shoppers "$dir/bodies" 200 "$count" buy closed:32)
    checkouts_per_s=$(field per_s "$result")
    goal "checkouts (1/s)" "$checkouts_per_s" at-least 120
    goal "failed checkouts" "$(field failed "$result")" at-most 0
    cpu_each "a checkout" "$used" "$count"
    measure_drain
    rate=$(calc "$(field per_s "$result") * 0.6")
    say "open loop at 60 % of that, $rate checkouts/s"
    result=$(shoppers "$dir/bodies" $((200 + count)) "$(awk "BEGIN { print int($rate * 15) }")" buy "open:$rate")
    goal "failed checkouts" "$(field failed "$result")" at-most 0
    goal "order p99 (ms)" "$(field order_p99 "$result")" at-most 150
    printf '  %-28s %10s\n' "paid to processing, p50 (ms)" "$(field settle_p50 "$result")"
    printf '  %-28s %10s\n' "paid to processing, p99 (ms)" "$(field settle_p99 "$result")"
    goal "webhook p99, at most (ms)" "$(ack_p99 "http://127.0.0.1:$(setting_of payments PAYMENTS__OPS_PORT)")" at-most 50
    measure_drain
}

# PostgreSQL's own programs, of the newest version installed, as the administrator of the system's server in one database.
on_postgres() {
    local program=$1 database=$2 port
    shift 2
    port=$(setting_of orders ORDERS__DATABASE__URL | sed 's#.*:\([0-9]*\)/.*#\1#')
    PATH=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n1):$PATH \
        "$program" "$@" "postgres://postgres@127.0.0.1:$port/$database"
}
sql_in() { on_postgres psql "$1" -qAtX -v ON_ERROR_STOP=1 "${@:2}"; }

# Has one shopper buy while PostgreSQL tells every statement, and makes scripts of them.
record_checkout() {
    local log=$dir/tree/.agape/postgres/postgres.log begin order number shopper product variant invoice sequence vendor
    begin=$(stat -c %s "$log")
    sql_in postgres -c "ALTER SYSTEM SET log_statement = 'all'" \
        -c "ALTER SYSTEM SET log_line_prefix = 'yardstick %n %m %p %u '" -c 'SELECT pg_reload_conf()' > /dev/null
    sleep 1
    shoppers "$dir/bodies" 0 1 buy closed:1 > /dev/null
    measure_drain > /dev/null
    # The vendor of mails tells what became of them.
    sleep 3
    sql_in postgres -c 'ALTER SYSTEM RESET log_statement' -c 'ALTER SYSTEM RESET log_line_prefix' -c 'SELECT pg_reload_conf()' > /dev/null
    sleep 1
    tail -c "+$((begin + 1))" "$log" > "$dir/yardstick.log"
    IFS='|' read -r order number shopper product variant invoice sequence < <(ask_database orders '
        SELECT o.id, order_number, user_id, product_id, variant_id, d.number, sequence
        FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN documents d ON d.order_id = o.id ORDER BY o.id DESC LIMIT 1')
    vendor=$(ask_database payments "SELECT gateway_id FROM payments WHERE order_id = '$order'")
    sql_in agape -c "SELECT schemaname || '.' || tablename FROM pg_tables" > "$dir/yardstick.tables"
    "$bin/examples/yardstick" "$dir/yardstick.log" "$dir/yardstick.tables" "$dir" "$order,$number" \
        "$shopper=shopper" "$product=product" "$variant=variant" "$number='AGP-' || token" \
        "$invoice='INV-' || turn" "{$sequence}='{' || turn || '}'" "$vendor=turn"
}

# A database of its own on the same server, with all that the system's holds; its view says what differs from one turn to the next.
copy_database() {
    sql_in postgres -c 'CREATE DATABASE yardstick'
    on_postgres pg_dump agape | sql_in yardstick > /dev/null
    sql_in yardstick << 'SQL'
        CREATE SCHEMA yardstick;
        SET search_path = yardstick;
        CREATE SEQUENCE turns START 1000000000;
        CREATE TABLE shoppers AS SELECT row_number() OVER () - 1 AS n, id::text AS shopper FROM auth.users LIMIT 1000;
        CREATE TABLE things AS SELECT row_number() OVER () - 1 AS n, variant_id::text AS variant, product_id::text AS product
            FROM inventory.stock_items WHERE on_hand > 50000;
        ALTER TABLE shoppers ADD PRIMARY KEY (n);
        ALTER TABLE things ADD PRIMARY KEY (n);
        SELECT count(*) AS shoppers FROM shoppers \gset
        SELECT count(*) AS things FROM things \gset
        CREATE VIEW turn AS
            SELECT turn, begun, shopper, variant, product, upper(substr(md5(turn::text), 1, 16)) AS token,
                overlay(lpad(to_hex((extract(epoch FROM begun) * 1000)::bigint), 12, '0') PLACING '-' FROM 9 FOR 0) || '-7' AS stamp
            FROM (SELECT nextval('yardstick.turns') AS turn, clock_timestamp() AS begun) AS clock
            JOIN shoppers ON shoppers.n = turn % :shoppers JOIN things ON things.n = turn % :things;
        VACUUM ANALYZE;
SQL
}

# The rate at which PostgreSQL runs a script, appended to <name>.tps. Connections are warm when it counts, as those of the services
# are: they have prepared everything by then. A turn that fails, or does less than it should, makes it worthless.
replay() {
    local name=$1 out paid turns
    paid=$(sql_in yardstick -c "SELECT count(*) FROM orders.orders WHERE status = 'processing'")
    out=$(on_postgres pgbench yardstick -n -M prepared -c 32 -j 2 -T 15 -P 1 -f "$dir/$name.sql" 2>&1) || die "pgbench: $out"
    grep -q 'failed transactions: [^0]\|error:' <<< "$out" && die "pgbench: $out"
    turns=$(sed -n 's/.*actually processed: //p' <<< "$out")
    paid=$(($(sql_in yardstick -c "SELECT count(*) FROM orders.orders WHERE status = 'processing'") - paid))
    [ "$paid" -ge "$turns" ] || die "pgbench: only $paid of $turns orders are processing"
    awk '/^progress:/ && $2 > 10 { sum += $4; n++ } END { print sum / n }' <<< "$out" >> "$dir/$name.tps"
}

measure_yardstick() {
    local result round name
    say "the statements of one checkout, 32 at a time by pgbench in a copy of the database: medians of 3 rounds in turn, 5s each"
    result=$(record_checkout)
    copy_database
    : > "$dir/paid.tps"; : > "$dir/whole.tps"
    for round in 1 2 3; do
        for name in paid whole; do replay "$name"; done
    done
    sql_in postgres -c 'DROP DATABASE yardstick'
    for name in paid whole; do
        printf '  %-28s %10s   (%d statements in %d transactions)\n' "pgbench, $name (1/s)" "$(median < "$dir/$name.tps")" \
            "$(field "${name}_statements" "$result")" "$(field "${name}_transactions" "$result")"
    done
    goal "ratio checkouts : pgbench" "$(calc "$checkouts_per_s / $(median < "$dir/paid.tps")")" at-least 0.40
}

measure_flash_sale() {
    local result
    say "flash sale: 1,000 attempts at once on a variant of which there are 200"
    head -n1 "$dir/bodies" > "$dir/hot"
    set_stock 200 "$dir/hot"
    result=$(shoppers "$dir/hot" 0 1000 order closed:1000)
    goal "sold, at least" "$(field done "$result")" at-least 200
    goal "sold, at most" "$(field done "$result")" at-most 200
    goal "refused" "$(field refused "$result")" at-least 800
    goal "all answered after (s)" "$(field seconds "$result")" at-most 3
    set_stock 100000 "$dir/hot"
}

# Orders of a year ago, which every order that is placed now has to live with.
fill_orders() {
    # The role of the service is cut off after seconds.
    sql_in agape -c 'SET search_path = orders' -c "
        INSERT INTO orders (id, order_number, user_id, status, payment_status, currency, subtotal, discount, shipping, tax, total,
            prices_include_tax, tax_name, tax_basis_points, shipping_tax, shipping_method, shipping_name, expires_at,
            settled_payment_id, created_at)
        SELECT md5('o' || n)::uuid, 'OLD-' || n, md5('u' || n / 5)::uuid, 'delivered', 'paid', 'NGN', 1, 0, 0, 0, 1, false, 'VAT',
            750, 0, 'standard', 'Standard', now(), md5('p' || n)::uuid, now() - interval '1 year' - n * interval '1 second'
        FROM generate_series(1, $1) n;
        INSERT INTO order_lines (id, order_id, position, product_id, variant_id, sku, title, quantity, unit_price, line_total,
            discount, tax)
        SELECT md5('l' || n)::uuid, md5('o' || n)::uuid, 0, md5('x' || n)::uuid, md5('v' || n)::uuid, 's', 't', 1, 1, 1, 0, 0
        FROM generate_series(1, $1) n;
        INSERT INTO order_history (order_id, version, to_status, actor)
        SELECT md5('o' || n)::uuid, 1, 'delivered', 'system' FROM generate_series(1, $1) n;
        INSERT INTO order_payments (payment_id, order_id, status, amount)
        SELECT md5('p' || n)::uuid, md5('o' || n)::uuid, 'succeeded', 1 FROM generate_series(1, $1) n"
}

measure_growth() {
    local few many round
    say "order creation with few orders in the table, and with 1,000,000: medians of 3 rounds of 300"
    : > "$dir/few.ms"; : > "$dir/many.ms"
    for round in 1 2 3; do field order_p50 "$(shoppers "$dir/bodies" $((round * 300)) 300 order closed:4)" >> "$dir/few.ms"; done
    fill_orders 1000000
    shoppers "$dir/bodies" 0 100 order closed:4 > /dev/null
    for round in 1 2 3; do field order_p50 "$(shoppers "$dir/bodies" $((1000 + round * 300)) 300 order closed:4)" >> "$dir/many.ms"; done
    few=$(median < "$dir/few.ms"); many=$(median < "$dir/many.ms")
    printf '  %-28s %10s\n' "p50 with few (ms)" "$few" "p50 with 1,000,000 (ms)" "$many"
    goal "ratio many : few" "$(calc "$many / $few")" at-most 1.2
}
