"""Mail in: raw bytes from IMAP, a parsed letter, and whom it concerns."""
