from django.urls import path

from yizhan.tickets.views import batch, closing, desk, editing, lists, portal, printing, public, ticket

urlpatterns = [
    path("", lists.home, name="home"),
    path("search/", lists.search_page, name="search"),
    path("desk/", desk.desk, name="desk"),
    path("desk/callers/", desk.callers, name="desk-callers"),
    path("desk/paste/", desk.paste, name="desk-paste"),
    path("desk/same/<str:number>/", desk.same_fault, name="desk-same"),
    path("desk/similar/", desk.similar, name="desk-similar"),
    path("report/", portal.report, name="report"),
    path("report/same/<str:number>/", portal.same_fault, name="report-same"),
    path("closing/", closing.closing_desk, name="closing"),
    path("closing/archive/", closing.archive_ready, name="closing-archive"),
    path("closing/<str:number>/", closing.closing_desk, name="closing-ticket"),
    path("closing/<str:number>/visit/", closing.save_visit, name="closing-visit"),
    path("tickets/", lists.ticket_list, name="tickets"),
    path("tickets/batch/", batch.batch, name="tickets-batch"),
    path("tickets/<str:number>/", ticket.ticket_page, name="ticket"),
    path("tickets/<str:number>/do/<str:action>/", ticket.do_action, name="ticket-do"),
    path("tickets/<str:number>/edit/", editing.edit_page, name="ticket-edit"),
    path("tickets/<str:number>/messages/", ticket.write_message, name="ticket-message"),
    path("tickets/<str:number>/sheet/", ticket.sheet_page, name="ticket-sheet"),
    path("tickets/<str:number>/sign/", ticket.sign_page, name="ticket-sign"),
    path("tickets/<str:number>/print/<str:sheet>/", printing.print_sheet, name="ticket-print"),
    path("s/<str:token>/", public.sign_link, name="sign-link"),
    path("s/<str:token>", public.sign_link),
    path("v/<str:token>/", public.verify_sheet, name="verify-sheet"),
]
