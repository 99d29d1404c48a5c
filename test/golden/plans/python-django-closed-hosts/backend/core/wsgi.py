import os
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'core.settings.dev')
application = get_wsgi_application()
