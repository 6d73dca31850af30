# Faults of the running system, and visitors who go on; functions of deploy/bench/faults.
# shellcheck shell=bash

visited=0
outages=

# Has so many visitors come, in the background; what they see is in <name>.notes and <name>.json.
begin_visits() {
    local name=$1 count=$2 what=$3 per_s=$4
    "$bin/examples/visitors" "$shop" "$sandbox" "$dir/tokens" "$dir/bodies" "$dir/$name.notes" "$visited" "$count" "$what" \
        "open:$per_s" > "$dir/$name.json" &
    visitors=$!
    pids+=("$visitors")
    visited=$((visited + count))
}

end_visits() { wait "$visitors" || die "the visitors of $1 did not get to the end"; }

# Ids in the notes of one kind.
noted() { awk -v kind="$2" '$1 == kind { print $3 }' "$dir/$1.notes" | sort; }

# Lines of the first file that are missing in what the database of orders answers.
missing_orders() { comm -23 "$1" <(ask_database orders "SELECT id FROM orders $2" | sort) | wc -l; }

# What must hold whatever happens: no visitor gets nowhere, is refused or is told to slow down, and no order is lost.
measure_visits() {
    local name=$1 result
    result=$(cat "$dir/$name.json")
    noted "$name" ordered > "$dir/ordered"
    noted "$name" paid > "$dir/paid"
    printf '  %-28s %10s   (%d of them writes, %d orders)\n' "requests" "$(field requests "$result")" "$(field writes "$result")" \
        "$(wc -l < "$dir/ordered")"
    goal "visitors who got nowhere" "$(field stuck "$result")" at-most 0
    goal "answers 409 or 429" "$(($(field refused "$result") + $(field limited "$result")))" at-most 0
    goal "orders lost" "$(missing_orders "$dir/ordered" '')" at-most 0
    sed -n 's/^failed [0-9]* //p' "$dir/$name.notes" | sort | uniq -c | sort -rn | head -n 6 | sed 's/^/    failed:/'
}

# Seconds from a moment until the last attempt that failed had ended.
failing_s() {
    awk -v since="$2" '$1 == "failed" && $2 > last { last = $2 } END { printf "%.1f", last ? (last - since) / 1000 : 0 }' "$dir/$1.notes"
}

# The longest time from a moment, or from the payment if that came later, until an order was processing.
settling_s() {
    awk -v since="$2" '$1 == "processing" { took = $2 - ($4 > since ? $4 : since); if (took > most) most = took }
        END { printf "%.1f", most / 1000 }' "$dir/$1.notes"
}

# PostgreSQL plans for empty tables until it has looked at what is in them.
warm_visits() {
    begin_visits warm 500 pay 25
    end_visits warm
    sql_in agape -c ANALYZE
}

measure_replacing() {
    local count=${VISITS:-4600} per_s=${VISITS_PER_S:-20} round begun result
    say "replacing every service, three times in turn, beside $per_s visitors a second"
    begin_visits replacing "$count" visit "$per_s"
    for round in 1 2 3; do
        sleep $((count / per_s / 4))
        begun=$(date +%s%N)
        (cd "$dir/tree" && "$bin/agape" restart --all) > "$dir/restart.log" 2>&1 || die "$(cat "$dir/restart.log")"
        printf '  round %d: all replaced after %.1f s\n' "$round" "$(calc "($(date +%s%N) - $begun) / 1000000000")"
    done
    kill -0 "$visitors" 2> /dev/null || die "the visitors were gone before the end; let more come with VISITS"
    end_visits replacing
    result=$(cat "$dir/replacing.json")
    goal "requests" "$(field requests "$result")" at-least $((count * 11))
    goal "failed requests" "$(field failed "$result")" at-most 0
    measure_visits replacing
}

# The process of a service, or of a server that `agape up` runs.
pid_of() {
    case $1 in
        postgres | redis | rabbitmq) cut -d' ' -f1 "$dir/tree/.agape/$1/$1.pid" ;;
        *) running_services | awk -v name="$1" '$2 == name { print $1 }' ;;
    esac
}

measure_death() {
    local name=$1 per_s=${FAULT_VISITS_PER_S:-15} seconds=20 bound=5 killed result
    case $name in
        postgres | redis) bound=10 ;;
        rabbitmq) bound=20 seconds=40 ;;
    esac
    say "killing $name beside $per_s visitors a second"
    begin_visits "$name" $((per_s * seconds)) visit "$per_s"
    sleep 3
    killed=$(date +%s%3N)
    kill -KILL "$(pid_of "$name")"
    note_outage "$killed" "$bound"
    end_visits "$name"
    result=$(cat "$dir/$name.json")
    if [ "$name" = rabbitmq ]; then
        goal "failed requests" "$(field failed "$result")" at-most 0
        # Whoever paid after its death waits for it.
        goal "events flow again after (s)" "$(awk -v killed="$killed" '
            $1 == "processing" && $4 > killed && (!first || $2 < first) { first = $2 }
            END { printf "%.1f", (first - killed) / 1000 }' "$dir/$name.notes")" at-most "$bound"
    else
        printf '  %-28s %10s\n' "failed requests" "$(field failed "$result")"
        goal "nothing fails after (s)" "$(failing_s "$name" "$killed")" at-most "$bound"
    fi
    goal "paid to processing, worst (s)" "$(settling_s "$name" "$killed")" at-most 60
    measure_visits "$name"
}

broker_refuses() { ! (exec 3<> "/dev/tcp/127.0.0.1/$(setting_of orders ORDERS__AMQP__URL | sed 's#.*:\([0-9]*\)/.*#\1#')") 2> /dev/null; }

unsent_events() {
    local schema sum=0
    for schema in auth catalog inventory cart orders payments notifications; do
        sum="$sum + (SELECT count(*) FROM $schema.outbox WHERE published_at IS NULL)"
    done
    sql_in agape -c "SELECT $sum"
}

measure_no_broker() {
    local seconds=${BROKER_DOWN_SECONDS:-600} per_s=${ORDERS_PER_S:-20} broker=$dir/tree/.agape/rabbitmq pid result gone back
    say "no broker for ${seconds}s beside $per_s orders a second"
    # Without its directory it is not started again: `agape up` tries in vain until that is back.
    pid=$(pid_of rabbitmq)
    gone=$(date +%s%3N)
    mv "$broker" "$broker.away"
    kill -KILL "$pid"
    sleep 1
    broker_refuses || die "the broker answers"
    begin_visits no-broker $((per_s * seconds)) pay "$per_s"
    end_visits no-broker
    broker_refuses || die "the broker answers"
    printf '  %-28s %10s\n' "events unsent" "$(unsent_events)"
    mv "$broker.away" "$broker"
    back=$(date +%s%3N)
    note_outage "$gone" $(((back - gone) / 1000 + 60))
    result=$(cat "$dir/no-broker.json")
    goal "failed requests" "$(field failed "$result")" at-most 0
    measure_visits no-broker
    goal "all paid are processing (s)" "$(none_since "$back" missing_orders "$dir/paid" "WHERE status = 'processing'")" at-most 60
    goal "all events are sent (s)" "$(none_since "$back" unsent_events)" at-most 60
}

# Seconds from a moment until what a command counts is none any more; after ten minutes it is not waited for.
none_since() {
    local since=$1 now
    shift
    while :; do
        now=$(date +%s%3N)
        [ "$("$@")" = 0 ] || [ $((now - since)) -gt 600000 ] && break
        sleep 0.2
    done
    calc "($now - $since) / 1000"
}

# Notes that something is down from a moment on, for so many seconds.
note_outage() { outages+=" $(iso "$1") $(iso $(($1 + $2 * 1000)))"; }

iso() { date -ud "@$(calc "$1 / 1000")" +%FT%T.%3N; }

# What the services wrote that somebody should look at, as "service: message": written while something was `down`, or `up`.
errors_while() {
    { grep -h '"level":"error"' "$dir"/tree/.agape/logs/*.log || true; } | awk -v wanted="$1" -v outages="$outages" '
        BEGIN { n = split(outages, at, " ") }
        {
            match($0, /"timestamp":"[^"]*/); time = substr($0, RSTART + 13, 23); state = "up"
            for (i = 1; i < n; i += 2) if (time >= at[i] && time <= at[i + 1]) state = "down"
            if (state == wanted) print
        }' | sed 's/.*"service":"\([^"]*\)".*"message":"\([^"]*\)".*/\1: \2/'
}

# Whether the databases agree with each other and with the vendors, as `agape prove check` counts: none that is violated, or one.
disagreements() { (cd "$dir/tree" && "$bin/agape" prove check --grace 0 > "$dir/check.log" 2>&1) && echo 0 || echo 1; }

measure_rest() {
    local state
    say "at rest"
    measure_drain
    goal "all databases agree (s)" "$(none_since "$(date +%s%3N)" disagreements)" at-most 360
    sed 's/^/    /' "$dir/check.log"
    goal "errors while all was up" "$(errors_while up | wc -l)" at-most 0
    printf '  %-28s %10s\n' "errors while one was down" "$(errors_while down | wc -l)"
    for state in up down; do errors_while "$state" | sort | uniq -c | sort -rn | sed "s/^/    $state:/"; done
}
