# Two network namespaces joined by a veth pair, and captures taken in the server's one.
#
# The client's side is 192.0.2.10 / 2001:db8:1::10, the server's 192.0.2.1 / 2001:db8:1::1
# (addresses set aside for documentation). Nothing leaves the two namespaces.
# Sourced by make.sh.

CLIENT_NS="rtmpscope-c$$"
SERVER_NS="rtmpscope-s$$"
CLIENT_IF=client0
SERVER_IF=server0
CLIENT_IP=192.0.2.10
SERVER_IP=192.0.2.1
CLIENT_IP6=2001:db8:1::10
SERVER_IP6=2001:db8:1::1

SWITCH_NS=

# net_end NAMESPACE INTERFACE MAC PEER PEER_NAMESPACE: a veth pair.
net_end() {
    ip -n "$1" link add "$2" address "$3" mtu 1500 type veth peer name "$4" netns "$5" \
        address 02:00:5e:00:53:"$(printf %02x $((RANDOM % 100 + 100)))" mtu 1500
}

net_addresses() {
    local ns iface address address6
    for ns in "$CLIENT_NS" "$SERVER_NS"; do
        if [ "$ns" = "$CLIENT_NS" ]; then
            iface=$CLIENT_IF address=$CLIENT_IP address6=$CLIENT_IP6
        else
            iface=$SERVER_IF address=$SERVER_IP address6=$SERVER_IP6
        fi
        # With any of these on, segments as large as 64 KB would be captured, which no network
        # carries, and checksums would be left to hardware that is not there.
        ip netns exec "$ns" ethtool -K "$iface" gro off gso off tso off lro off tx off rx off \
            >/dev/null 2>&1 || true
        ip -n "$ns" address add "$address/24" dev "$iface"
        ip -n "$ns" address add "$address6/64" dev "$iface" nodad
        ip -n "$ns" link set lo up
        ip -n "$ns" link set "$iface" up
    done
    wait_for 10 "ip netns exec $CLIENT_NS ping -c1 -W1 -q $SERVER_IP" ||
        die "the two namespaces do not reach each other"
}

net_up() {
    ip netns add "$CLIENT_NS"
    ip netns add "$SERVER_NS"
    net_end "$CLIENT_NS" "$CLIENT_IF" 02:00:5e:00:53:0a "$SERVER_IF" "$SERVER_NS"
    ip -n "$SERVER_NS" link set "$SERVER_IF" address 02:00:5e:00:53:01
    net_addresses
}

net_down() {
    local ns pids
    for ns in "$CLIENT_NS" "$SERVER_NS" $SWITCH_NS; do
        # Only processes inside our own namespaces can be listed here.
        pids=$(ip netns pids "$ns" 2>/dev/null || true)
        [ -n "$pids" ] && kill -9 $pids 2>/dev/null
        ip netns delete "$ns" 2>/dev/null || true
    done
    SWITCH_NS=
    return 0
}

# Runs a program in a namespace, with a host name of its own, so that no program can write this
# machine's into a capture. The program's process id is left in $TMP/client.pid or $TMP/server.pid.
in_client() { in_namespace "$CLIENT_NS" client "$@"; }
in_server() { in_namespace "$SERVER_NS" server "$@"; }
in_namespace() {
    local ns=$1 name=$2
    shift 2
    ip netns exec "$ns" unshare --uts sh -c \
        'hostname "$1.example"; echo $$ >"$2/$1.pid"; shift 2; exec "$@"' sh "$name" "$TMP" "$@"
}

# Sends a signal to the program that was last started in the client's namespace.
signal_client() { kill "-$1" "$(cat "$TMP/client.pid")"; }

# signal_in_client SIGNAL NAME: to every program of that name in the client's namespace, no other.
signal_in_client() {
    local pid
    for pid in $(ip netns pids "$CLIENT_NS"); do
        if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]; then kill "-$1" "$pid" 2>/dev/null || true; fi
    done
}

# Puts a switch between the two, so that one cable can be pulled without the other side's link going
# down with it, as it does with a bare veth pair. To be called before anything runs.
net_switch() {
    SWITCH_NS="rtmpscope-w$$"
    ip netns add "$SWITCH_NS"
    ip -n "$CLIENT_NS" link delete "$CLIENT_IF"
    ip -n "$SWITCH_NS" link add switch0 type bridge
    ip -n "$SWITCH_NS" link set switch0 up
    net_end "$CLIENT_NS" "$CLIENT_IF" 02:00:5e:00:53:0a port1 "$SWITCH_NS"
    net_end "$SERVER_NS" "$SERVER_IF" 02:00:5e:00:53:01 port2 "$SWITCH_NS"
    ip -n "$SWITCH_NS" link set port1 up master switch0
    ip -n "$SWITCH_NS" link set port2 up master switch0
    net_addresses
}

# capture_start FILE FILTER [INTERFACE…]: tcpdump for FILE.pcap, dumpcap for FILE.pcapng
# (which takes several interfaces). Extra tcpdump options in CAPTURE_OPTIONS.
capture_start() {
    CAPTURE_FILE=$1
    local filter=$2
    shift 2
    [ $# -gt 0 ] || set -- "$SERVER_IF"
    CAPTURE_LOG=$TMP/capture.log
    : >"$CAPTURE_LOG"
    case $CAPTURE_FILE in
    *.pcapng)
        local iface args=()
        for iface in "$@"; do args+=(-i "$iface" -f "$filter"); done
        ip netns exec "$SERVER_NS" dumpcap -q -B 64 "${args[@]}" -w "$CAPTURE_FILE" 2>"$CAPTURE_LOG" &
        CAPTURE_PID=$!
        wait_for 10 "grep -q '^File:' '$CAPTURE_LOG'" || die "dumpcap did not start: $(cat "$CAPTURE_LOG")"
        ;;
    *)
        ip netns exec "$SERVER_NS" tcpdump -Z root -i "$1" -s 0 -B 65536 --immediate-mode -n \
            ${CAPTURE_OPTIONS:-} -w "$CAPTURE_FILE" "$filter" 2>"$CAPTURE_LOG" &
        CAPTURE_PID=$!
        wait_for 10 "grep -q 'listening on' '$CAPTURE_LOG'" || die "tcpdump did not start: $(cat "$CAPTURE_LOG")"
        ;;
    esac
    sleep 0.3
}

# Ends the capture, and refuses it if the kernel dropped a single packet.
capture_stop() {
    sleep "${1:-0.7}"
    kill -INT "$CAPTURE_PID"
    wait "$CAPTURE_PID" || true
    CAPTURE_PID=
    if grep -Eq '(^|[^0-9])[1-9][0-9]* packets? dropped by' "$CAPTURE_LOG" ||
        grep -Eq "dropped on interface.*: [0-9]+/[1-9]" "$CAPTURE_LOG"; then
        die "packets were dropped while capturing: $(cat "$CAPTURE_LOG")"
    fi
}

# wait_for SECONDS 'shell test': true as soon as the test is.
wait_for() {
    local end=$((SECONDS + $1))
    while [ "$SECONDS" -le "$end" ]; do
        eval "$2" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}

port_open() { ip netns exec "$SERVER_NS" ss -Hltn "sport = :$1" | grep -q .; }
