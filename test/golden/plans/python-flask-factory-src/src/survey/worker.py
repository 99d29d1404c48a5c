import os

from celery import Celery

queue = Celery("survey", broker=os.environ.get("CELERY_BROKER_URL", "redis://localhost:6379/0"))
