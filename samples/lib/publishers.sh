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

# ffmpeg_play URL SECONDS: ended from outside if the stream ends first, for nginx-rtmp does not say so.
ffmpeg_play() {
    in_client timeout --foreground -s INT $(($2 + 3)) ffmpeg $QUIET -analyzeduration 500000 -i "$1" \
        -t "$2" -c copy -f null - 2>>"$TMP/play.log" || true
}

# gst_publish SINK OPTION…: 5 s of H.264 and AAC through a GStreamer sink.
gst_publish() {
    in_client env GST_REGISTRY="$TMP/gst.registry" timeout 30 gst-launch-1.0 -q -e \
        videotestsrc is-live=true num-buffers=75 ! video/x-raw,width=160,height=90,framerate=15/1 ! \
        x264enc bitrate=80 speed-preset=veryfast key-int-max=30 bframes=0 ! h264parse ! \
        flvmux name=mux streamable=true ! "$@" \
        audiotestsrc is-live=true num-buffers=215 samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=1 ! \
        voaacenc bitrate=32000 ! aacparse ! mux. >"$TMP/gst.log" 2>&1 || die "gst-launch failed: $(tail -3 "$TMP/gst.log")"
}

# media NAME SECONDS OPTION…: a Matroska file made once per run by the recent ffmpeg, named $TMP/NAME.mkv.
# Inputs 0 to 3 are a test picture and three tones, 4 a second picture.
media() {
    local name=$1 seconds=$2
    shift 2
    need_ffmpeg_new
    "$FFMPEG_NEW" $QUIET -y -f lavfi -i testsrc=size=160x90:rate=15 \
        -f lavfi -i sine=frequency=440:sample_rate=48000 -f lavfi -i sine=frequency=880:sample_rate=48000 \
        -f lavfi -i sine=frequency=220:sample_rate=48000 -f lavfi -i testsrc2=size=96x64:rate=15 \
        -t "$seconds" -g 30 -b:v 80k -pix_fmt yuv420p -b:a 32k "$@" "$TMP/$name.mkv" 2>"$TMP/media.log" ||
        die "cannot make $name: $(tail -3 "$TMP/media.log")"
}

# enhanced NAME FORM: publishes $TMP/NAME.mkv, every track of it, to Node-Media-Server and plays it.
enhanced() {
    local name=$1 form=$2
    need_nms
    nms_start
    capture_start "$TMP/$name.$(plain_form "$form")" "tcp port 1935"
    in_client "$FFMPEG_NEW" $QUIET -re -i "$TMP/$name.mkv" -map 0 -c copy -f flv \
        -rtmp_enhanced_codecs "${ENHANCED_CODECS:-hvc1,av01,vp09}" "$LIVE/demo-key-1" 2>"$TMP/publish.log" &
    local publisher=$!
    sleep 1.5
    in_client timeout --foreground -s INT 6 "$FFMPEG_NEW" $QUIET -i "$LIVE/demo-key-1" -t 2.5 -c copy -f null - 2>"$TMP/play.log" || true
    wait $publisher || say "publisher of $name: $(tail -2 "$TMP/publish.log")"
    capture_stop
    keep "$name" "$form"
}
