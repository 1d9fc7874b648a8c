from django.urls import path

from yizhan.channels import mailbox_views, phone_views, views

urlpatterns = [
    path("channels/mailboxes/new/", mailbox_views.new_mailbox, name="mailbox-new"),
    path("channels/mailboxes/<int:pk>/switch/", mailbox_views.switch_mailbox, name="mailbox-switch"),
    path("channels/mailboxes/<int:pk>/connect/", mailbox_views.connect_page, name="mailbox-connect"),
    path("channels/mailboxes/connected/", mailbox_views.connected, name="mailbox-connected"),
    path("hooks/phone/<slug:line>/", phone_views.hook, name="phone-hook"),
    path("calls/", phone_views.call_log, name="calls"),
    path("calls/<int:pk>/card/", phone_views.call_card, name="call-card"),
    path("calls/<int:pk>/back/", phone_views.call_back, name="call-back"),
    path("channels/", views.channel_page, name="channels"),
    path("channels/<int:pk>/", views.inbound_page, name="inbound"),
    path("channels/<int:pk>/place/", views.place, name="inbound-place"),
    path("channels/<int:pk>/discard/", views.discard, name="inbound-discard"),
    path("channels/<int:pk>/replay/", views.replay, name="inbound-replay"),
]
