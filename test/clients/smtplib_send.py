"""Python's smtplib with SMTPUTF8 (RFC 6531). Usage: smtplib_send.py PORT RECIPIENT < MESSAGE"""

import smtplib
import sys

port, recipient = sys.argv[1:]
with smtplib.SMTP("127.0.0.1", int(port)) as client:
    client.ehlo("client.example")
    if not client.has_extn("smtputf8"):
        raise SystemExit("SMTPUTF8 is not offered")
    options = ["SMTPUTF8", "BODY=8BITMIME"]
    refused = client.sendmail("отправитель@пример.рф", [recipient], sys.stdin.buffer.read(), mail_options=options)
    if refused:
        raise SystemExit(f"refused: {refused}")
