from django.urls import path

from yizhan.people import views

urlpatterns = [
    path("people/invite/", views.invite, name="invite"),
    path("people/<str:username>/invitation/", views.change_invitation, name="invitation"),
    path("people/<str:username>/invited/", views.invited, name="invited"),
    path("join/<str:token>/", views.join, name="join"),
    path("join/<str:token>", views.join),
]
