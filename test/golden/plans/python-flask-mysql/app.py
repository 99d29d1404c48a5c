import os

from flask import Flask, jsonify
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
app.config["SQLALCHEMY_DATABASE_URI"] = os.getenv(
    "DATABASE_URL", "mysql+pymysql://shop:shop@localhost/shop"
)
db = SQLAlchemy(app)
migrate = Migrate(app, db)


@app.route("/health")
def health():
    return jsonify(status="ok")


@app.route("/items", methods=["GET", "POST"])
def items():
    return jsonify([])


if __name__ == "__main__":
    app.run(debug=True, port=5001)
