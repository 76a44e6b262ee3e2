"""Reads each file of a JSON object on stdin with Python's netrc module; prints the host's entries as a JSON list."""
import json
import netrc
import sys

asked = json.load(sys.stdin)
answers = []
for file in asked["files"]:
    try:
        entry = netrc.netrc(file).hosts.get(asked["host"])
        answers.append(None if entry is None else f"{entry[0]}:{entry[2]}")
    except (netrc.NetrcParseError, UnicodeDecodeError):
        answers.append(None)
print(json.dumps(answers))
