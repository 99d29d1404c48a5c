from django.urls import path

from tasks import views

urlpatterns = [
    path("health", views.health),
    path("ready", views.ready),
    path("version", views.version),
    path("tasks", views.tasks),
]
