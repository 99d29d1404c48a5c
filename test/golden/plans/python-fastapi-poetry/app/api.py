from fastapi import APIRouter

router = APIRouter(prefix="/prices")


@router.get("/{sku}")
async def price(sku: str):
    return sku


@router.post("")
async def put():
    return {}
