"""Python's imaplib as a client: one step a call, its answer as JSON. Usage: imaplib_steps.py PORT USER PASSWORD STEP"""

import imaplib
import json
import sys

port, user, password, step = sys.argv[1:]
client = imaplib.IMAP4("127.0.0.1", int(port))
client.login(user, password)


def ok(answer):
    status, data = answer
    if status != "OK":
        raise SystemExit(f"{step}: {status} {data}")
    return data


def text(data):
    return [item.decode() if isinstance(item, bytes) else item for item in data]


def steps():
    if step == "list":
        return text(ok(client.list()))
    ok(client.select("INBOX"))
    if step == "read":
        return ok(client.uid("FETCH", "2", "(BODY.PEEK[])"))[0][1].decode("latin-1")
    if step == "flag":
        return len(ok(client.uid("STORE", "1", "+FLAGS", "(\\Flagged later)")))
    if step == "search":
        return [text(ok(client.uid("SEARCH", "BODY", "two"))), text(ok(client.uid("SEARCH", "KEYWORD", "later")))]
    if step == "search-utf8":
        client.literal = "žņōž".encode()
        return text(ok(client.uid("SEARCH", "CHARSET", "UTF-8", "BODY")))
    if step == "move":
        return text(ok(client.uid("MOVE", "1", "Archive")))
    if step == "delete":
        ok(client.uid("STORE", "3", "+FLAGS", "(\\Deleted)"))
        return text(ok(client.expunge()))
    if step == "append":
        return text(ok(client.append("Drafts", "(\\Draft)", None, sys.stdin.buffer.read())))
    raise SystemExit(f"unknown step {step}")


print(json.dumps(steps()))
client.logout()
