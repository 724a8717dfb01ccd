"""Data in and out: other people's formats, one module or package a format, each over typed records.

An importer gives what it read and a list of what it could not read, with file and line or segment. An exporter gives
text or bytes. Nothing here decides coverage or money: rules go through `rulebook`, requests through `workflow`.
"""
