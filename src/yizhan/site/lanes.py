"""What the worker does at once, and what that takes of the database."""

# name, its queues, how many jobs at once. `default` holds what versions before the queues left behind.
LANES: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("reactions", ("reactions", "default"), 2),
    ("mail-out", ("mail_out",), 2),
    ("mail-in", ("mail_in",), 3),
    ("letters", ("letters",), 1),
    ("works", ("works",), 1),
    ("upkeep", ("upkeep",), 1),
    ("rescue", ("rescue",), 1),  # what a dead worker left behind does not wait for a long night's work
)
SLOTS = sum(slots for _, _, slots in LANES)
THREADS = SLOTS + 2  # and two for what the worker itself hands to a thread
# Work may need a connection of its own beside its thread's: for its progress, an audited refusal, a mailbox's token.
CONNECTIONS = 2 * THREADS
