from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env(DEBUG=(bool, False), PAGE_SIZE=(int, 25))

SECRET_KEY = env("SECRET_KEY")
DEBUG = env("DEBUG")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"])
DATABASES = {"default": env.db()}
CACHES = {"default": env.cache(default="locmemcache://")}
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
INSTALLED_APPS = ["django.contrib.staticfiles", "books"]
MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]
STATIC_ROOT = BASE_DIR / "staticfiles"
