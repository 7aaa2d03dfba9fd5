"""Spanwise: answers from a folder of documents in which every sentence points at exact characters of its source."""

__version__ = "0.1.0"
