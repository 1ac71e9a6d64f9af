"""The web application of the demo: shows the start of a page of the web. It fetches whatever it is told, its instance's metadata too."""

import http.server, syslog, urllib.parse, urllib.request

PAGE = b"<!doctype html><title>Preview</title><form action=/preview><input name=url><button>Show</button></form>\n"


class Preview(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        where = urllib.parse.urlsplit(self.path)
        url = urllib.parse.parse_qs(where.query).get("url", [""])[0]
        if where.path == "/preview" and url:
            self.show(url)
        elif where.path in ("/", "/about", "/healthz"):
            self.give(200, PAGE)
        else:
            self.give(404, b"not found\n")

    def show(self, url):
        try:
            with urllib.request.urlopen(url, timeout=3) as answer:
                body = answer.read(65536)
        except (OSError, ValueError) as fault:
            syslog.syslog(f"fetch {url} failed: {fault}")
            return self.give(502, b"cannot fetch\n")
        syslog.syslog(f"fetch {url} {len(body)} bytes")
        self.give(200, body)

    def give(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


syslog.openlog("preview", syslog.LOG_PID, syslog.LOG_DAEMON)
http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Preview).serve_forever()
