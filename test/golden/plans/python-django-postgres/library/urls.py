from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz/", healthz),
    path("books/<int:pk>/", book),
    path("api/", include("books.urls")),
]
