"""A client of Jupyter Server, by the library that Jupyter itself is made of: signs in, uploads, opens a WebSocket.

Prints what it saw as one line of JSON. Arguments: the site's address, the token.
"""

import asyncio
import json
import socket
import sys
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

BASE, TOKEN = sys.argv[1:3]
UPLOAD = 3_000_000
# Seconds: longer than anything takes on a busy machine.
LIMIT = 120
PATIENT = {"connect_timeout": LIMIT, "request_timeout": LIMIT}

# Browsers know that every name under localhost is this machine; the system's resolver need not.
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *more, **named: resolve(
    "127.0.0.1" if host.endswith(".localhost") else host, *more, **named
)


class Client:
    """A browser's cookies, and nothing else of it."""

    def __init__(self):
        self.cookies = {}
        self.set_cookies = []

    def headers(self, more):
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        xsrf = {"X-XSRFToken": self.cookies.get("_xsrf", "")}
        return {"Cookie": cookies, **xsrf, **more}

    async def ask(self, method, path, body=None, **more):
        request = HTTPRequest(
            BASE + path, method, self.headers(more), body, follow_redirects=False, validate_cert=False, **PATIENT
        )
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        for line in answer.headers.get_list("Set-Cookie"):
            self.set_cookies.append(line)
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.coded_value
        return answer

    async def open(self, path, origin):
        request = HTTPRequest(
            BASE.replace("http", "ws", 1) + path, headers=self.headers({"Origin": origin}), validate_cert=False, **PATIENT
        )
        return await websocket_connect(request)


async def say_something(client):
    """What a terminal, over a WebSocket, says of six times seven."""
    name = json.loads((await client.ask("POST", "/api/terminals", "")).body)["name"]
    terminal = await client.open(f"/terminals/websocket/{name}", BASE)
    await terminal.write_message(json.dumps(["stdin", "echo sum=$((6*7))\r"]))
    heard = ""
    while "sum=42" not in heard:
        message = await asyncio.wait_for(terminal.read_message(), LIMIT)
        kind, *rest = json.loads(message)
        heard += rest[0] if kind == "stdout" else ""
    try:
        await client.open(f"/terminals/websocket/{name}", "https://evil.example")
        foreign = 101
    except HTTPClientError as refused:
        foreign = refused.code
    return heard, foreign


async def main():
    client, stranger = Client(), Client()
    refused = await stranger.ask("GET", "/api/contents")
    await client.ask("GET", "/login")
    form = urlencode({"_xsrf": client.cookies["_xsrf"], "password": TOKEN})
    signed_in = await client.ask("POST", "/login?next=%2Fapi", form)
    file = json.dumps({"type": "file", "format": "text", "content": "x" * UPLOAD})
    uploaded = await client.ask("PUT", "/api/contents/large.txt", file)
    download = await client.ask("GET", "/files/large.txt")
    heard, foreign = await say_something(client)
    print(json.dumps({
        "stranger": refused.code,
        "signed_in": signed_in.code,
        "location": signed_in.headers.get("Location"),
        "set_cookies": client.set_cookies,
        "uploaded": uploaded.code,
        "downloaded": len(download.body),
        "headers": dict(download.headers),
        "heard": heard,
        "foreign_origin": foreign,
    }))


asyncio.run(main())
