"""What reads foreign content in a child process. Nothing here imports Django: a child starts in 50 ms."""
