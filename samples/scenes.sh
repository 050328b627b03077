# One function per sample, named sample_NAME (dashes as underscores). Each leaves NAME.FORM in $TMP and
# hands it to `keep`. Sourced by make.sh. README.md says what each shows.

LIVE=rtmp://$SERVER_IP/live

sample_ffmpeg_nginx() {
    nginx_start 1935 4096
    capture_start "$TMP/ffmpeg-nginx.pcap" "tcp port 1935"
    ffmpeg_publish "$LIVE/demo-key-1" 11 320x180 120k &
    local publisher=$!
    sleep 3
    ffmpeg_play "$LIVE/demo-key-1" 5
    wait $publisher
    capture_stop
    keep ffmpeg-nginx pcap
}

sample_rtmpdump_play() {
    nginx_start 1935 4096
    capture_start "$TMP/rtmpdump-play.pcap" "tcp port 1935"
    ffmpeg_publish "$LIVE/demo-key-1" 8 &
    local publisher=$!
    sleep 1.5
    in_client timeout -s INT 20 rtmpdump -q -v -r "$LIVE" -y demo-key-1 -o "$TMP/play.flv" || true
    wait $publisher
    capture_stop
    keep rtmpdump-play pcap
    cp "$TMP/play.flv" "$SAMPLES/rtmpdump-play.flv"
    (cd "$SAMPLES" && sha256sum rtmpdump-play.flv >rtmpdump-play.flv.sha256)
}

sample_gst_rtmp2sink() {
    need_gst
    nginx_start 1935 4096
    capture_start "$TMP/gst-rtmp2sink.pcap" "tcp port 1935"
    gst_publish rtmp2sink location="$LIVE/demo-key-1"
    capture_stop
    keep gst-rtmp2sink pcap.gz
}

sample_gst_rtmpsink() {
    need_gst
    nginx_start 1935 4096
    capture_start "$TMP/gst-rtmpsink.pcap" "tcp port 1935"
    gst_publish rtmpsink location="$LIVE/demo-key-1 live=1"
    capture_stop
    keep gst-rtmpsink pcap
}

sample_ertmp_hevc_opus() {
    media ertmp-hevc-opus 5 -map 0 -map 1 -c:v libx265 -x265-params log-level=none -c:a libopus
    enhanced ertmp-hevc-opus pcapng
}

sample_ertmp_av1_opus() {
    media ertmp-av1-opus 5 -map 0 -map 1 -c:v libsvtav1 -preset 10 -c:a libopus -ac 2
    enhanced ertmp-av1-opus pcap.zst
}

sample_ertmp_vp9_flac() {
    media ertmp-vp9-flac 4 -map 0 -map 1 -c:v libvpx-vp9 -deadline realtime -c:a flac -sample_fmt s16 -ar 16000
    enhanced ertmp-vp9-flac pcap
}

sample_ertmp_vvc_eac3() {
    media ertmp-vvc-eac3 4 -map 0 -map 1 -c:v libvvenc -preset faster -pix_fmt yuv420p10 -c:a eac3 -ac 6 -b:a 96k
    ENHANCED_CODECS=hvc1,vvc1 enhanced ertmp-vvc-eac3 pcapng.zst
}

sample_ertmp_multitrack() {
    media ertmp-multitrack 5 -map 0 -map 4 -map 1 -map 2 -map 3 -c:v libx264 -preset veryfast \
        -c:a:0 aac -c:a:1 libopus -c:a:2 ac3
    enhanced ertmp-multitrack pcap
}

# publish_and_play NAME FORM SECONDS PLAY_SECONDS [more options of the publishing ffmpeg]
publish_and_play() {
    local name=$1 form=$2 seconds=$3 play=$4
    shift 4
    capture_start "$TMP/$name.$(plain_form "$form")" "tcp port 1935"
    in_client ffmpeg $QUIET $(h264_aac "$seconds") "$@" -f flv "$LIVE/demo-key-1" &
    local publisher=$!
    sleep 1.5
    ffmpeg_play "$LIVE/demo-key-1" "$play"
    wait $publisher
    capture_stop
    keep "$name" "$form"
}

# exttime_scene NAME FORM SECONDS OFFSET: ffmpeg publishes from OFFSET seconds on and writes what it
# sends into a file too; rtmpdump plays.
exttime_scene() {
    local name=$1 form=$2 seconds=$3 offset=$4
    capture_start "$TMP/$name.$(plain_form "$form")" "tcp port 1935"
    in_client ffmpeg $QUIET $(h264_aac "$seconds") -output_ts_offset "$offset" -flags +global_header \
        -map 0 -map 1 -f tee "[f=flv]$LIVE/demo-key-1|[f=flv]$TMP/$name.flv" &
    local publisher=$!
    sleep 1.5
    in_client timeout --foreground -s INT 20 rtmpdump -q -v -r "$LIVE" -y demo-key-1 -o "$TMP/played.flv" || true
    wait $publisher
    capture_stop
    keep "$name" "$form"
    "$SAMPLES/flv_tags.py" "$TMP/$name.flv" >"$SAMPLES/expected/$name.sent.tsv"
}

# 17000 s is above 16 777 215 ms; frames are larger than a chunk, so that continuations repeat it.
sample_exttime() {
    nginx_start 1935 128 "" "application live { live on; publish_notify on; }"
    exttime_scene exttime pcap 4 17000
}

# The timestamps pass 16 777 215 ms two seconds after the start.
sample_exttime_crossing() {
    nginx_start 1935 4096 "" "application live { live on; publish_notify on; }"
    exttime_scene exttime-crossing pcap.gz 5 16775
}

# The same through librtmp. Debian's writes past the end of a buffer when it repeats the extended
# timestamp in a continuation, and dies of it within seconds: the capture ends there.
sample_exttime_librtmp() {
    need_gst
    nginx_start 1935 4096
    in_client ffmpeg $QUIET $(h264_aac 3) -output_ts_offset 17000 -y -f flv "$TMP/offset.flv"
    capture_start "$TMP/exttime-librtmp.pcap" "tcp port 1935"
    in_client env GST_REGISTRY="$TMP/gst.registry" timeout 30 gst-launch-1.0 -q \
        filesrc location="$TMP/offset.flv" blocksize=2000 ! identity datarate=16000 sync=true ! \
        rtmpsink location="$LIVE/demo-key-1 live=1" >"$TMP/gst.log" 2>&1 || true
    capture_stop
    keep exttime-librtmp pcap
}

# The player is told of the publisher's coming and going.
sample_chunk_128() {
    nginx_start 1935 128 "" "application live { live on; publish_notify on; play_restart on; }"
    publish_and_play chunk-128 pcap 4 2
}

# Noise does not compress: keyframes above 60000 bytes.
sample_chunk_60000() {
    nginx_start 1935 60000
    capture_start "$TMP/chunk-60000.pcap" "tcp port 1935"
    in_client ffmpeg $QUIET -re -f lavfi -i "testsrc=size=480x270:rate=15,noise=alls=60" \
        -re -f lavfi -i sine=frequency=440:sample_rate=44100 -t 3 -c:v libx264 -preset veryfast -g 30 -bf 0 \
        -x264-params "qp=22:ip_ratio=1.6:scenecut=0" -pix_fmt yuv420p \
        -c:a aac -b:a 32k -f flv "$LIVE/demo-key-1"
    capture_stop
    keep chunk-60000 pcap.gz
}

sample_ipv6() {
    nginx_start 1935 4096
    CAPTURE_OPTIONS=--time-stamp-precision=nano capture_start "$TMP/ipv6.pcap" "tcp port 1935"
    ffmpeg_publish "rtmp://[$SERVER_IP6]/live/demo-key-1" 5 &
    local publisher=$!
    sleep 1.5
    ffmpeg_play "rtmp://[$SERVER_IP6]/live/demo-key-1" 2
    wait $publisher
    capture_stop
    keep ipv6 pcap
}

# The HTTP hook that refuses is on the server's loopback, captured as a second interface.
sample_publish_rejected() {
    hook_start 8081 403
    nginx_start 1935 4096 "on_publish http://127.0.0.1:8081/on_publish;"
    capture_start "$TMP/publish-rejected.pcapng" "tcp port 1935 or tcp port 8081" "$SERVER_IF" lo
    ffmpeg_publish "$LIVE/demo-key-1" 3 2>/dev/null || true
    capture_stop
    keep publish-rejected pcapng
}

sample_publish_denied() {
    nginx_start 1935 4096 "" "application live { live on; deny publish all; }"
    capture_start "$TMP/publish-denied.pcap" "tcp port 1935"
    ffmpeg_publish "$LIVE/demo-key-1" 3 2>/dev/null || true
    capture_stop
    keep publish-denied pcap
}

sample_no_such_app() {
    nginx_start 1935 4096
    capture_start "$TMP/no-such-app.pcap" "tcp port 1935"
    ffmpeg_publish "rtmp://$SERVER_IP/nowhere/demo-key-1" 3 2>/dev/null || true
    in_client timeout -s INT 5 rtmpdump -q -v -r "rtmp://$SERVER_IP/nowhere" -y demo-key-1 -o /dev/null || true
    capture_stop
    keep no-such-app pcap
}

sample_bad_name() {
    nginx_start 1935 4096
    capture_start "$TMP/bad-name.pcap" "tcp port 1935"
    ffmpeg_publish "$LIVE/demo-key-1" 4 &
    local publisher=$!
    sleep 1.5
    ffmpeg_publish "$LIVE/demo-key-1" 3 2>/dev/null || true
    wait $publisher
    capture_stop
    keep bad-name pcap
}

sample_client_killed() {
    nginx_start 1935 4096
    capture_start "$TMP/client-killed.pcap" "tcp port 1935"
    ffmpeg_publish "$LIVE/demo-key-1" 10 2>/dev/null &
    sleep 3.5
    signal_client KILL
    wait $! || true
    capture_stop
    keep client-killed pcap
}

# The client's cable is pulled: the server hears nothing more, pings, and gives up.
sample_network_cut() {
    net_switch
    nginx_start 1935 4096 "ping 2s; ping_timeout 2s;"
    capture_start "$TMP/network-cut.pcap" "tcp port 1935"
    ffmpeg_publish "$LIVE/demo-key-1" 30 2>/dev/null &
    local publisher=$!
    sleep 3.5
    ip -n "$SWITCH_NS" link set port1 down
    sleep 9
    signal_client KILL
    wait $publisher || true
    capture_stop
    keep network-cut pcap
}

sample_publisher_paused() {
    nginx_start 1935 4096
    capture_start "$TMP/publisher-paused.pcap" "tcp port 1935"
    ffmpeg_publish "$LIVE/demo-key-1" 6 &
    local publisher=$!
    sleep 2.5
    signal_client STOP
    sleep 1.5
    signal_client CONT
    wait $publisher
    capture_stop
    keep publisher-paused pcap.gz
}

# The uplink carries less than is published: segments are lost and sent again, delay grows.
sample_slow_uplink() {
    nginx_start 1935 4096
    ip netns exec "$CLIENT_NS" tc qdisc add dev "$CLIENT_IF" root tbf rate 150kbit burst 4kb limit 7kb
    capture_start "$TMP/slow-uplink.pcap" "tcp port 1935"
    ffmpeg_publish "$LIVE/demo-key-1" 8 160x90 200k
    capture_stop 4
    keep slow-uplink pcap.gz
}

# A player that stops reading, with a small receive buffer: zero windows.
sample_player_stalled() {
    nginx_start 1935 4096
    ip netns exec "$CLIENT_NS" sysctl -qw net.ipv4.tcp_rmem="4096 8192 8192"
    capture_start "$TMP/player-stalled.pcap" "tcp port 1935"
    ffmpeg_publish "$LIVE/demo-key-1" 7 160x90 120k &
    local publisher=$!
    sleep 1.5
    in_client timeout --foreground -s INT 9 rtmpdump -q -v -r "$LIVE" -y demo-key-1 -o /dev/null &
    local player=$!
    sleep 1.5
    signal_in_client STOP rtmpdump
    sleep 2.5
    signal_in_client CONT rtmpdump
    wait $publisher
    wait $player || true
    capture_stop
    keep player-stalled pcap
}

# Every interface, cooked headers; the publish hook's HTTP on loopback beside the RTMP.
sample_cooked_any() {
    hook_start 8081 200
    nginx_start 1935 4096 "on_publish http://127.0.0.1:8081/on_publish;"
    capture_start "$TMP/cooked-any.pcap" "tcp port 1935 or tcp port 8081" any
    ffmpeg_publish "$LIVE/demo-key-1" 4
    capture_stop
    keep cooked-any pcap
}

# RTMP on a port that is usually something else's, with HTTP beside it.
sample_odd_port() {
    nginx_start 8443 4096
    hook_start 8081 200
    capture_start "$TMP/odd-port.pcap" "tcp" any
    ffmpeg_publish "rtmp://$SERVER_IP:8443/live/demo-key-1" 4
    in_server curl -s http://127.0.0.1:8081/ >/dev/null
    capture_stop
    keep odd-port pcap
}

vod_files() {
    mkdir -p "$TMP/vod"
    ffmpeg $QUIET $(h264_aac 8 | sed 's/-re //g') -y "$TMP/vod/demo.mp4"
    ffmpeg $QUIET -i "$TMP/vod/demo.mp4" -c copy -t 5 -flvflags add_keyframe_index -y "$TMP/vod/demo.flv"
    nginx_start 1935 4096 "" "application vod { play $TMP/vod; }"
}

sample_vod_flv() {
    vod_files
    capture_start "$TMP/vod-flv.pcap" "tcp port 1935"
    in_client timeout -s INT 20 rtmpdump -q -r "rtmp://$SERVER_IP/vod" -y demo.flv -o /dev/null || true
    in_client timeout -s INT 20 rtmpdump -q -r "rtmp://$SERVER_IP/vod" -y demo.flv -A 2 -B 4 -o /dev/null || true
    capture_stop
    keep vod-flv pcap
}

sample_vod_mp4_seek() {
    vod_files
    capture_start "$TMP/vod-mp4-seek.pcapng" "tcp port 1935"
    in_client python3 "$SAMPLES/lib/seeking_player.py" "rtmp://$SERVER_IP/vod/demo.mp4"
    capture_stop
    keep vod-mp4-seek pcapng.gz
}

# rtmpe:// asked of a server that does not speak it.
sample_rtmpe_refused() {
    nginx_start 1935 4096
    capture_start "$TMP/rtmpe-refused.pcap" "tcp port 1935"
    in_client timeout -s INT 5 rtmpdump -q -v -r "rtmpe://$SERVER_IP/live" -y demo-key-1 -o /dev/null || true
    capture_stop
    keep rtmpe-refused pcap
}

sample_obs() {
    need_obs
    nginx_start 1935 4096
    capture_start "$TMP/obs.pcapng" "tcp port 1935"
    obs_stream "$LIVE" demo-key-1 8
    capture_stop
    keep obs pcapng
}

# Codecs from before H.264: Sorenson Spark with MP3, Screen Video with Nellymoser, Screen Video 2 with
# Speex, and sound alone as G.711. Each is a connection of its own.
sample_legacy_codecs() {
    nginx_start 1935 4096
    capture_start "$TMP/legacy-codecs.pcap" "tcp port 1935"
    local picture="-re -f lavfi -i testsrc=size=160x90:rate=10"
    local tone="-re -f lavfi -i sine=frequency=440"
    in_client ffmpeg $QUIET $picture $tone -t 2 -c:v flv1 -b:v 60k -g 20 \
        -c:a libmp3lame -ar 22050 -b:a 32k -f flv "$LIVE/demo-key-1"
    in_client ffmpeg $QUIET $picture $tone -t 2 -c:v flashsv -g 20 \
        -c:a nellymoser -ar 11025 -f flv "$LIVE/demo-key-2"
    in_client ffmpeg $QUIET $picture $tone -t 2 -s 128x80 -c:v flashsv2 -g 20 \
        -c:a libspeex -ar 16000 -f flv "$LIVE/demo-key-3"
    in_client ffmpeg $QUIET $tone -t 2 -c:a pcm_alaw -ar 8000 -ac 1 -f flv "$LIVE/demo-key-4"
    capture_stop
    keep legacy-codecs pcap.gz
}
