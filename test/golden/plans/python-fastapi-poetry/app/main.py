from fastapi import FastAPI

from app.api import router
from app.settings import settings

app = FastAPI(title="Pricing")
internal = FastAPI()
app.mount("/internal", internal)
app.include_router(router)


@app.get("/healthz")
async def healthz():
    return {"ok": True}
