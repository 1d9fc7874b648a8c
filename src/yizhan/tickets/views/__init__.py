"""The hand-made pages of tickets."""
