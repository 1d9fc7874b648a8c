"""People whose roles differ by customer: staff here, somebody's customer there; administrators of one customer only."""

from yizhan.kernel.search.tokens import pinyin_key
from yizhan.people.models import Assignment, Contact, Customer, Role, User
from yizhan.people.searching import index_contacts


def make_person(username: str, *roles: tuple[Role, str], contact_at: str = "") -> User:
    """An account with these roles by customer code (empty: all of them), and the contact that he is somewhere."""
    user = User(username=username, display_name=username, email=f"{username}@mixed.example", sort_key=username)
    user.set_unusable_password()
    user.save()
    for role, code in roles:
        Assignment.objects.create(user=user, role=role, customer=Customer.objects.get(code=code) if code else None)
    if contact_at:
        customer = Customer.objects.get(code=contact_at)
        contact = Contact.objects.create(customer=customer, name=username, user=user, sort_key=pinyin_key(username))
        index_contacts([contact])
    return user
