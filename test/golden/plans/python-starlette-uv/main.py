from starlette.applications import Starlette
from starlette.config import Config
from starlette.responses import PlainTextResponse
from starlette.routing import Route

config = Config(".env")
GREETING = config("GREETING", default="hello")


async def ready(request):
    return PlainTextResponse(GREETING)


app = Starlette(routes=[Route("/ready", ready)])
