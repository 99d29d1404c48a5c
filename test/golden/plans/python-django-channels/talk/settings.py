import os

INSTALLED_APPS = ['channels']
ALLOWED_HOSTS = os.environ.get('HOSTS', '*').split(',')
SECRET_KEY = os.environ['SECRET_KEY']
REDIS = os.environ.get('REDIS_HOST', 'localhost')
