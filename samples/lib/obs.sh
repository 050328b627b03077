# OBS Studio without a screen: its configuration written by hand, Xvfb and software OpenGL, and its
# web socket to end the stream as a person would. Sourced by make.sh.

obs_configure() {
    local url=$1 key=$2
    local config=$TMP/obs/.config/obs-studio
    mkdir -p "$config/basic/profiles/demo" "$config/basic/scenes" "$TMP/obs/run"
    chmod 700 "$TMP/obs/run"
    cat >"$config/global.ini" <<'INI'
[General]
FirstRun=true
LastVersion=486539266
EnableAutoUpdates=false
ConfirmOnExit=false
[Basic]
Profile=demo
ProfileDir=demo
SceneCollection=demo
SceneCollectionFile=demo
ConfigOnNewProfile=false
[BasicWindow]
ShowStatusBar=false
[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort=4455
AlertsEnabled=false
AuthRequired=false
INI
    cat >"$config/basic/profiles/demo/basic.ini" <<'INI'
[General]
Name=demo
[Video]
BaseCX=320
BaseCY=180
OutputCX=320
OutputCY=180
FPSType=1
FPSInt=15
[Audio]
SampleRate=44100
ChannelSetup=Mono
[Output]
Mode=Simple
Reconnect=false
[SimpleOutput]
VBitrate=200
ABitrate=64
StreamEncoder=x264
UseAdvanced=true
Preset=veryfast
x264Settings=keyint=30
INI
    cat >"$config/basic/profiles/demo/service.json" <<JSON
{"type": "rtmp_custom", "settings": {"server": "$url", "key": "$key", "use_auth": false, "bwtest": false}}
JSON
    cat >"$config/basic/scenes/demo.json" <<'JSON'
{
  "name": "demo",
  "current_scene": "Scene",
  "current_program_scene": "Scene",
  "scene_order": [{"name": "Scene"}],
  "sources": [
    {"id": "color_source", "versioned_id": "color_source_v3", "name": "Colour",
     "settings": {"color": 4289374890, "width": 200, "height": 120}},
    {"id": "scene", "versioned_id": "scene", "name": "Scene",
     "settings": {"id_counter": 1, "custom_size": false,
       "items": [{"id": 1, "name": "Colour", "visible": true, "locked": false,
                  "pos": {"x": 20.0, "y": 30.0}, "scale": {"x": 1.0, "y": 1.0}}]}}
  ]
}
JSON
}

# obs_stream URL KEY SECONDS
obs_stream() {
    obs_configure "$1" "$2"
    local display=:$((RANDOM % 400 + 100))
    in_client Xvfb "$display" -screen 0 800x600x24 -nolisten tcp >"$TMP/xvfb.log" 2>&1 &
    wait_for 10 "test -e /tmp/.X11-unix/X${display#:}" || die "Xvfb did not start: $(cat "$TMP/xvfb.log")"
    in_client env -u DBUS_SESSION_BUS_ADDRESS HOME="$TMP/obs" XDG_CONFIG_HOME="$TMP/obs/.config" \
        XDG_RUNTIME_DIR="$TMP/obs/run" DISPLAY="$display" QT_QPA_PLATFORM=xcb LIBGL_ALWAYS_SOFTWARE=1 \
        LC_ALL=C.UTF-8 obs --multi --disable-updater --disable-missing-files-check --startstreaming \
        >"$TMP/obs.log" 2>&1 &
    local obs=$!
    wait_for 40 "ip netns exec $SERVER_NS ss -Htn state established '( sport = :1935 )' | grep -q ." ||
        die "OBS does not publish: $(tail -20 "$TMP/obs.log")"
    sleep "$3"
    in_client python3 "$SAMPLES/lib/obs_request.py" StopStream
    wait_for 15 "! ip netns exec $SERVER_NS ss -Htn state established '( sport = :1935 )' | grep -q ." ||
        die "OBS does not stop publishing"
    sleep 0.5
    signal_in_client KILL obs
    wait "$obs" || true
    # Ended politely, it takes its lock and its socket with it.
    signal_in_client TERM Xvfb
}
