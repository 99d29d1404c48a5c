import os

INSTALLED_APPS = []
SECRET_KEY = os.environ['DJANGO_SECRET_KEY']
ALLOWED_HOSTS = ['localhost', '127.0.0.1']
STATIC_ROOT = '/srv/static'
DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql', 'HOST': os.environ.get('DB_HOST', 'localhost'), 'NAME': os.environ.get('DB_NAME', 'core'), 'USER': os.environ['DB_USER'], 'PASSWORD': os.environ['DB_PASSWORD']}}
