import os
from http.server import BaseHTTPRequestHandler, HTTPServer

LEVEL = os.environ.get("LEVEL") or "info"

if __name__ == "__main__":
    HTTPServer(("0.0.0.0", 8123), BaseHTTPRequestHandler).serve_forever()
