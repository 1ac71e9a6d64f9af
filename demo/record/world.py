"""What the hosts of the demo talk to and do not own: a package mirror, a bucket's endpoint, a partner's site, the intruder's server.

Usage: world.py MIRROR CERT KEY, or world.py metadata (the instance metadata service, inside web-1's network namespace).
"""

import functools, http.server, json, ssl, sys, threading

ROLE = "web-app"


class Taker(http.server.BaseHTTPRequestHandler):
    """Takes whatever is sent to it."""

    def do_PUT(self):
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            left -= len(self.rfile.read(min(left, 1 << 16)) or b"." * left)
        if self.headers.get("Transfer-Encoding") == "chunked":
            while (size := int(self.rfile.readline(), 16)) > 0:
                self.rfile.read(size), self.rfile.readline()
            self.rfile.readline()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        body = b"<!doctype html><title>A partner's page</title>\n" * 20
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Metadata(Taker):
    """The paths of the EC2 instance metadata service, version 1, that the story needs."""

    def do_GET(self):
        head = "/latest/meta-data/"
        credentials = {"Code": "Success", "LastUpdated": "2026-03-04T06:12:44Z", "Type": "AWS-HMAC", "AccessKeyId": "ASIAEXAMPLE000000000",
                       "SecretAccessKey": "x" * 40, "Token": "x" * 356, "Expiration": "2026-03-04T12:32:10Z"}
        pages = {head: "ami-id\nhostname\niam/\ninstance-id\nlocal-ipv4\n", head + "iam/": "info\nsecurity-credentials/\n", head + "instance-id": "i-0a1b2c3d4e5f60718",
                 head + "iam/security-credentials/": ROLE, head + "iam/security-credentials/" + ROLE: json.dumps(credentials, indent=2)}
        page = pages.get(self.path)
        body = (page or "404 - Not Found").encode()
        self.send_response(200 if page else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(address, port, handler, files=None):
    server = http.server.ThreadingHTTPServer((address, port), handler)
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=False).start()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


if sys.argv[1] == "metadata":
    serve("169.254.169.254", 80, Metadata)
else:
    mirror, *files = sys.argv[1:]
    serve("192.0.2.80", 80, functools.partial(Quiet, directory=mirror))
    serve("192.0.2.85", 80, Taker)
    serve("192.0.2.91", 443, Taker, files)
    serve("198.51.100.77", 443, Taker, files)
