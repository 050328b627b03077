#!/bin/bash
# Makes the sample captures again, from real programs talking over a real (virtual) network.
#
#   samples/make.sh                  every sample
#   samples/make.sh NAME…            these
#   samples/make.sh --list           their names
#   samples/make.sh --expected …     only the expected/*.tsv, from the captures as they are
#   samples/make.sh --versions       the programs' versions
#
# Needs root on Debian (network namespaces); installs the programs that are missing. All traffic
# stays inside two network namespaces which are removed at the end, whatever the end is.
# RTMPSCOPE_SAMPLES_CACHE says where the pip and npm downloads are kept (~/.cache/rtmpscope-samples).
set -eu -o pipefail
cd "$(dirname "$0")"
SAMPLES=$PWD

say() { echo "make.sh: $*" >&2; }
die() {
    say "$*"
    exit 1
}

TMP=$(mktemp -d "${TMPDIR:-/tmp}/rtmpscope-samples.XXXXXX")
CAPTURE_PID=
SERVER_PID=
trap 'trap "" INT TERM EXIT; net_down; rm -rf "$TMP"' EXIT
trap 'exit 130' INT TERM

. lib/net.sh
. lib/tools.sh
. lib/servers.sh
. lib/publishers.sh
. lib/obs.sh
. scenes.sh

names() { declare -F | sed -n 's/^declare -f sample_//p' | tr _ -; }

# The file of a sample, whatever its form.
file_of() {
    local f
    for f in "$SAMPLES/$1".pcap "$SAMPLES/$1".pcapng "$SAMPLES/$1".pcap.gz "$SAMPLES/$1".pcap.zst \
        "$SAMPLES/$1".pcapng.gz "$SAMPLES/$1".pcapng.zst; do
        [ -e "$f" ] && echo "$f" && return 0
    done
    return 1
}

expected() {
    local file
    file=$(file_of "$1") || die "no capture of $1"
    mkdir -p "$SAMPLES/expected"
    python3 "$SAMPLES/tshark_messages.py" "$file" >"$SAMPLES/expected/$1.tshark.tsv"
}

# Names, keys and paths of this machine have no place in a public capture.
check_private() {
    local file=$1 word
    case $file in
    *.gz) gzip -dc "$file" ;;
    *.zst) zstd -qdc "$file" ;;
    *) cat "$file" ;;
    esac >"$TMP/plain"
    for word in "$(hostname)\b.*local" "$TMP" "/home/" "/root/" "${SUDO_USER:-no-such-user}" "Intel(R)" "AMD Ryzen" "Linux [0-9]"; do
        if [ "$(strings -n 4 "$TMP/plain" | grep -cE -- "$word")" -gt 0 ]; then
            die "$file holds '$word', which tells about this machine"
        fi
    done
}

# plain_form pcap.gz: pcap
plain_form() { echo "${1%%.*}"; }

# keep NAME FORM: the capture just made becomes a sample, in the form its name says.
keep() {
    local name=$1 form=$2 from
    from=$TMP/$name.$(plain_form "$form")
    case $from in *.pcapng) python3 "$SAMPLES/lib/pcapng_forget_host.py" "$from" ;; esac
    rm -f "$SAMPLES/$name".pcap "$SAMPLES/$name".pcapng "$SAMPLES/$name".pcap.* "$SAMPLES/$name".pcapng.*
    case $form in
    *.gz) gzip -9nc "$from" >"$SAMPLES/$name.$form" ;;
    *.zst) zstd -q -19 -c "$from" >"$SAMPLES/$name.$form" ;;
    *) cp "$from" "$SAMPLES/$name.$form" ;;
    esac
    chmod 644 "$SAMPLES/$name.$form"
    check_private "$SAMPLES/$name.$form"
}

make_sample() {
    say "$1"
    net_up
    if ! declare -F "sample_${1//-/_}" >/dev/null; then die "no sample is called $1"; fi
    "sample_${1//-/_}"
    net_down
    expected "$1"
    say "$1: $(stat -c %s "$(file_of "$1")") bytes, $(($(wc -l <"expected/$1.tshark.tsv") - 1)) messages"
}

only_expected=
chosen=()
for argument in "$@"; do
    case $argument in
    --list)
        names
        exit 0
        ;;
    --versions)
        versions
        exit 0
        ;;
    --expected) only_expected=yes ;;
    -h | --help)
        sed -n '2,12s/^# \{0,1\}//p' "$SAMPLES/make.sh"
        exit 0
        ;;
    -*) die "unknown option $argument" ;;
    *) chosen+=("$argument") ;;
    esac
done
[ ${#chosen[@]} -gt 0 ] || mapfile -t chosen < <(names)

if [ -n "$only_expected" ]; then
    for name in "${chosen[@]}"; do expected "$name"; done
    exit 0
fi
[ "$(id -u)" -eq 0 ] || die "network namespaces need root"
need_base
for name in "${chosen[@]}"; do make_sample "$name"; done
