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
