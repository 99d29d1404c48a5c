from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PRICING_", env_file=".env")

    database_url: str = "postgresql+asyncpg://localhost/pricing"
    api_token: str
    workers: int = 2
    cache_ttl: int = Field(default=60, ge=0)
    sentry: str | None = Field(None, validation_alias="SENTRY_DSN")


settings = Settings()
