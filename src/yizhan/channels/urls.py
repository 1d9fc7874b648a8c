from django.urls import path

from yizhan.channels import views

urlpatterns = [
    path("channels/", views.channel_page, name="channels"),
    path("channels/<int:pk>/", views.inbound_page, name="inbound"),
    path("channels/<int:pk>/place/", views.place, name="inbound-place"),
    path("channels/<int:pk>/discard/", views.discard, name="inbound-discard"),
    path("channels/<int:pk>/replay/", views.replay, name="inbound-replay"),
]
