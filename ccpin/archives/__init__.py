"""Tarballs, hostile until their digest has been compared: from a stream of bytes to checked files."""
