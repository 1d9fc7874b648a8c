from django.urls import path

from yizhan.site.api import api

urlpatterns = [path("api/v1/", api.urls)]
