# The servers, started in the server's namespace. Sourced by make.sh.

# nginx_start PORT CHUNK_SIZE 'more lines of the rtmp server block' ['applications']
nginx_start() {
    local port=$1 chunk=$2 extra=${3:-} applications=${4:-}
    local dir=$TMP/nginx
    mkdir -p "$dir/logs"
    [ -n "$applications" ] || applications="application live { live on; }"
    cat >"$dir/nginx.conf" <<CONF
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
user root;
worker_processes 1;
daemon off;
pid $dir/nginx.pid;
error_log $dir/error.log info;
events { worker_connections 64; }
rtmp {
    access_log $dir/access.log;
    server {
        listen $port;
        listen [::]:$port ipv6only=on;
        chunk_size $chunk;
        $extra
        $applications
    }
}
CONF
    in_server nginx -p "$dir" -e "$dir/error.log" -c "$dir/nginx.conf" >"$dir/out.log" 2>&1 &
    SERVER_PID=$!
    wait_for 10 "port_open $port" || die "nginx did not start: $(tail -5 "$dir/error.log" "$dir/out.log")"
}

nms_start() {
    local dir=$TMP/nms
    mkdir -p "$dir"
    cat >"$dir/run.js" <<'JS'
const NodeMediaServer = require("node-media-server");
new NodeMediaServer({
  bind: "192.0.2.1",
  store: { path: process.argv[2] },
  auth: { play: false, publish: false, secret: "", jwt: { secret: "x", users: [] } },
  rtmp: { port: 1935 },
  http: { port: 8000 },
  webadmin: { enable: false },
  record: { auto: false, path: process.argv[2] },
}).run();
JS
    NODE_PATH=$NMS_DIR/node_modules in_server node "$dir/run.js" "$dir/data" >"$dir/out.log" 2>&1 &
    SERVER_PID=$!
    wait_for 20 "port_open 1935" || die "node-media-server did not start: $(tail -5 "$dir/out.log")"
}

# An HTTP server on the server's loopback that answers every request with one status.
hook_start() {
    local port=$1 status=$2
    cat >"$TMP/hook.py" <<'PY'
import http.server
import sys


class Hook(http.server.BaseHTTPRequestHandler):
    """Answers with the status given on the command line."""

    server_version, sys_version = "hook", ""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(int(sys.argv[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *args):
        pass


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
PY
    in_server python3 "$TMP/hook.py" "$port" "$status" >"$TMP/hook.log" 2>&1 &
    wait_for 10 "port_open $port" || die "the HTTP hook did not start: $(cat "$TMP/hook.log")"
}
