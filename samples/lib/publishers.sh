# The media that is published and the ways it is published and played. Sourced by make.sh.
# Pictures are small and plain so that the captures are too.

QUIET="-hide_banner -loglevel error -nostdin"

# h264_aac SECONDS [SIZE [RATE]]: ffmpeg's input and encoder options.
h264_aac() {
    local seconds=$1 size=${2:-160x90} rate=${3:-80k}
    echo "-re -f lavfi -i testsrc=size=$size:rate=15 -re -f lavfi -i sine=frequency=440:sample_rate=44100" \
        "-t $seconds -c:v libx264 -preset veryfast -b:v $rate -maxrate $rate -bufsize $rate -g 30 -bf 2" \
        "-pix_fmt yuv420p -c:a aac -b:a 32k -ac 1"
}

# ffmpeg_publish URL SECONDS [SIZE [RATE]]
ffmpeg_publish() {
    local url=$1
    shift
    in_client ffmpeg $QUIET $(h264_aac "$@") -f flv "$url"
}

# ffmpeg_play URL SECONDS
ffmpeg_play() { in_client ffmpeg $QUIET -i "$1" -t "$2" -c copy -f null - 2>>"$TMP/play.log" || true; }

# gst_publish SINK OPTION…: 5 s of H.264 and AAC through a GStreamer sink.
gst_publish() {
    in_client env GST_REGISTRY="$TMP/gst.registry" timeout 30 gst-launch-1.0 -q -e \
        videotestsrc is-live=true num-buffers=75 ! video/x-raw,width=160,height=90,framerate=15/1 ! \
        x264enc bitrate=80 speed-preset=veryfast key-int-max=30 bframes=0 ! h264parse ! \
        flvmux name=mux streamable=true ! "$@" \
        audiotestsrc is-live=true num-buffers=215 samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=1 ! \
        voaacenc bitrate=32000 ! aacparse ! mux. >"$TMP/gst.log" 2>&1 || die "gst-launch failed: $(tail -3 "$TMP/gst.log")"
}
