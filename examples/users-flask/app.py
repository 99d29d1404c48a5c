"""Serves the users of a MySQL or MariaDB database as JSON."""

import json
import logging
import os
import platform
import socket
import sys
import time

from flask import Flask, Response, g, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.engine import URL

NAME = "users-flask"
VERSION = "1.0.0"
STARTED = time.monotonic()


class JsonLines(logging.Formatter):
    def format(self, record):
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(JsonLines())
logging.basicConfig(level=logging.INFO, handlers=[handler])

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = URL.create(
    "mysql+pymysql",
    username=os.environ.get("DATABASE_USER", "users"),
    password=os.environ.get("DATABASE_PASSWORD", ""),
    host=os.environ.get("DATABASE_HOST", "127.0.0.1"),
    database=os.environ.get("DATABASE_NAME", "users"),
)
# A connection that the database has dropped meanwhile is noticed and replaced before it is used.
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_pre_ping": True, "connect_args": {"connect_timeout": 3}}
database = SQLAlchemy(app)


class User(database.Model):
    __tablename__ = "users"
    id = database.Column(database.Integer, primary_key=True)
    name = database.Column(database.String(64), unique=True, nullable=False)
    email = database.Column(database.String(255), nullable=False)


REQUESTS = Counter("http_requests_total", "Requests answered.", ["method", "route", "status"])
DURATIONS = Histogram("http_request_duration_seconds", "Time from request to answer.", ["method", "route"])


@app.before_request
def start_clock():
    g.started = time.monotonic()


@app.after_request
def count(response):
    route = request.url_rule.rule if request.url_rule else "none"
    REQUESTS.labels(request.method, route, response.status_code).inc()
    DURATIONS.labels(request.method, route).observe(time.monotonic() - g.started)
    return response


@app.get("/")
def index():
    return jsonify(name=NAME, see=["/users", "/version", "/info", "/health", "/ready", "/metrics"])


@app.get("/users")
def users():
    rows = database.session.execute(database.select(User).order_by(User.id)).scalars()
    return jsonify([{"id": row.id, "name": row.name, "email": row.email} for row in rows])


@app.get("/version")
def version():
    return jsonify(name=NAME, version=VERSION)


@app.get("/info")
def info():
    return jsonify(
        name=NAME,
        version=VERSION,
        python=platform.python_version(),
        host=socket.gethostname(),
        uptimeSeconds=round(time.monotonic() - STARTED),
    )


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.get("/ready")
def ready():
    try:
        database.session.execute(text("SELECT 1"))
        return jsonify(status="ok")
    except Exception:
        app.logger.warning("database does not answer", exc_info=True)
        return jsonify(status="database does not answer"), 503


@app.get("/metrics")
def metrics():
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "8080")))
