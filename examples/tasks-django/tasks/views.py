import json

from django.db import connection
from django.db.utils import OperationalError
from django.http import HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from tasks.models import Task

VERSION = "1.0.0"


def health(request):
    return JsonResponse({"status": "up"})


def ready(request):
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError as error:
        return JsonResponse({"status": "no database", "why": str(error)}, status=503)
    return JsonResponse({"status": "ready"})


def version(request):
    return JsonResponse({"name": "tasks", "version": VERSION})


@csrf_exempt
def tasks(request):
    if request.method == "GET":
        return JsonResponse(list(Task.objects.order_by("id").values("id", "title", "done")), safe=False)
    if request.method == "POST":
        title = json.loads(request.body or b"{}").get("title", "")
        if not 0 < len(title) <= 200:
            return JsonResponse({"error": "title: 1 to 200 characters"}, status=400)
        task = Task.objects.create(title=title)
        return JsonResponse({"id": task.id, "title": task.title, "done": task.done}, status=201)
    return HttpResponseNotAllowed(["GET", "POST"])
