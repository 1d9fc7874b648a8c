"""Yizhan 一站: the one-stop IT service desk."""

__version__ = "0.1.0"
