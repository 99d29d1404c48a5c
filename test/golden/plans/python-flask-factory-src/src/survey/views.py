from decouple import config
from flask import Blueprint

bp = Blueprint("survey", __name__, url_prefix="/survey")
PAGE = config("PAGE_SIZE", default=20, cast=int)


@bp.get("/list")
def listing():
    return []
