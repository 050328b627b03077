# The programs that make the samples: installed when missing, found, and their versions.
# Sourced by make.sh.

CACHE=${RTMPSCOPE_SAMPLES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rtmpscope-samples}
NMS_VERSION=4.4.3
IMAGEIO_FFMPEG_VERSION=0.8.1

PACKAGES_BASE="ffmpeg nginx libnginx-mod-rtmp rtmpdump tcpdump tshark wireshark-common ethtool
    iproute2 iputils-ping procps python3 python3-venv zstd gzip curl"
PACKAGES_GST="gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
    gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"
PACKAGES_OBS="obs-studio obs-plugins xvfb xauth libgl1-mesa-dri"
PACKAGES_NPM="nodejs npm"

# need_packages NAME…: what dpkg does not know as installed, apt installs.
need_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' && continue
        # nodejs may have come from elsewhere and bring npm along.
        [ "$name" = npm ] && command -v npm >/dev/null && continue
        [ "$name" = nodejs ] && command -v node >/dev/null && continue
        missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    say "installing ${missing[*]}"
    # Installing nginx must not start a web server on this machine.
    local policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod +x $policy
        ours=yes
    fi
    local status=0
    apt-get update -qq >/dev/null || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >"$TMP/apt.log" 2>&1 || status=$?
    [ -n "$ours" ] && rm -f $policy
    [ "$status" -eq 0 ] || die "apt-get could not install ${missing[*]}: $(tail -5 "$TMP/apt.log")"
}

need_base() { need_packages $PACKAGES_BASE; }
need_gst() { need_packages $PACKAGES_GST; }
need_obs() { need_packages $PACKAGES_OBS; }

# A recent ffmpeg, for Enhanced RTMP: sets FFMPEG_NEW.
need_ffmpeg_new() {
    local venv=$CACHE/venv
    if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import imageio_ffmpeg' 2>/dev/null; then
        say "installing imageio-ffmpeg $IMAGEIO_FFMPEG_VERSION"
        mkdir -p "$CACHE"
        python3 -m venv "$venv"
        "$venv/bin/pip" -q install "imageio-ffmpeg==$IMAGEIO_FFMPEG_VERSION"
    fi
    FFMPEG_NEW=$("$venv/bin/python" -c 'import imageio_ffmpeg as i; print(i.get_ffmpeg_exe())')
}

# Node-Media-Server, which knows Enhanced RTMP: sets NMS_DIR.
need_nms() {
    need_packages $PACKAGES_NPM
    NMS_DIR=$CACHE/nms
    [ -d "$NMS_DIR/node_modules/node-media-server" ] && return 0
    say "installing node-media-server $NMS_VERSION"
    mkdir -p "$NMS_DIR"
    (cd "$NMS_DIR" && npm init -y >/dev/null 2>&1 &&
        npm install --silent --no-audit --no-fund "node-media-server@$NMS_VERSION" >/dev/null 2>&1) ||
        die "npm could not install node-media-server"
}

versions() {
    need_base
    local p
    for p in ffmpeg nginx libnginx-mod-rtmp rtmpdump librtmp1 gstreamer1.0-plugins-bad obs-studio \
        tcpdump tshark; do
        dpkg-query -W -f='${Package} ${Version}\n' "$p" 2>/dev/null || true
    done
    echo "imageio-ffmpeg $IMAGEIO_FFMPEG_VERSION"
    need_ffmpeg_new
    "$FFMPEG_NEW" -version | head -1 | cut -d' ' -f1-3
    echo "node-media-server $NMS_VERSION on node $(node --version 2>/dev/null)"
    uname -sr | cut -d- -f1
}
