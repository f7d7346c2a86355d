"""Archives for tests, written by warcio: what other tools write, and not our own writer."""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

DATE = "2026-01-02T03:04:05Z"


class Warc:
    """Writes a WARC file; a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._writer = WARCWriter(self._file, gzip=path.name.endswith(".gz"))

    def __enter__(self) -> "Warc":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def answer(
        self,
        url: str,
        body: bytes | str = b"",
        kind: str = "text/html",
        *,
        method: str = "GET",
        sent: bytes = b"",
        page: str = "",
        status: str = "200 OK",
        headers: Iterable[tuple[str, str]] = (),
        asked: Iterable[tuple[str, str]] = (),
        date: str = DATE,
        fields: dict[str, str] | None = None,
        linked: bool = True,
        with_request: bool = True,
    ) -> None:
        """A response, and before it, unless ``with_request`` says no, its request."""
        body = body.encode() if isinstance(body, str) else body
        named = {"WARC-Date": date, **({"WARC-Page-ID": page} if page else {})}
        response = self._writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(body),
            warc_headers_dict=named | (fields or {}),
            http_headers=StatusAndHeaders(status, [("Content-Type", kind), *headers], protocol="HTTP/1.1"),
        )
        if with_request:
            request = self._writer.create_warc_record(
                url,
                "request",
                payload=io.BytesIO(sent),
                warc_headers_dict=dict(named),
                http_headers=StatusAndHeaders(f"{method} / HTTP/1.1", list(asked), is_http_request=True),
            )
            if linked:
                identity = response.rec_headers.get_header("WARC-Record-ID")
                request.rec_headers.add_header("WARC-Concurrent-To", identity)
            self._writer.write_record(request)
        self._writer.write_record(response)

    def revisit(
        self,
        url: str,
        of_url: str,
        of_date: str,
        digest: str,
        page: str = "",
        fields: dict[str, str] | None = None,
    ) -> None:
        """A response whose body is that of another one, which is named by address and date."""
        record = self._writer.create_revisit_record(url, digest, of_url, of_date)
        for name, value in {**({"WARC-Page-ID": page} if page else {}), **(fields or {})}.items():
            record.rec_headers.add_header(name, value)
        self._writer.write_record(record)

    def failed(self, url: str, error: str, page: str) -> None:
        """A request that got no response, as ours writes it."""
        fields = {"WARC-Page-ID": page, "WARC-JSON-Metadata": json.dumps({"error": error, "attempt": 1})}
        record = self._writer.create_warc_record(
            url,
            "request",
            payload=io.BytesIO(b""),
            warc_headers_dict=fields,
            http_headers=StatusAndHeaders("GET / HTTP/1.1", [], is_http_request=True),
        )
        self._writer.write_record(record)

    def socket(self, url: str, messages: list[dict[str, Any]], page: str) -> None:
        """The messages of a WebSocket, as ours writes them."""
        content = {"request_id": "7", "websocket_messages": messages}
        record = self._writer.create_warc_record(
            url,
            "metadata",
            payload=io.BytesIO(json.dumps(content).encode()),
            warc_headers_dict={"WARC-Page-ID": page},
            warc_content_type="application/json",
        )
        self._writer.write_record(record)

    def page(self, page: str, url: str, **facts: Any) -> None:
        """The metadata record of a visit, as ours writes it."""
        about = {"attempt": facts["attempt"]} if "attempt" in facts else {}
        record = self._writer.create_warc_record(
            url,
            "metadata",
            payload=io.BytesIO(json.dumps({"site_url": url, **facts}).encode()),
            warc_headers_dict={
                "WARC-Page-ID": page,
                "WARC-Date": DATE,
                "WARC-JSON-Metadata": json.dumps(about),
            },
            warc_content_type="application/json",
        )
        self._writer.write_record(record)
