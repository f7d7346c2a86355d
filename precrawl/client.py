"""The HTTP client of a thread: Requests, over connections that obey the guard and the deadline."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests
import socks
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager
from urllib3.util.retry import Retry

from overscripted import urls
from overscripted.addresses import is_public, may_be_public
from overscripted.errors import InputError
from overscripted.outcomes import Reason
from overscripted.precrawl.answer import Answer
from overscripted.precrawl.deadline import Deadline
from overscripted.precrawl.failure import Failure, ProxyAway, ProxyRefuses
from overscripted.precrawl.settings import ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, Settings
from overscripted.precrawl.vantage import Vantage

_NOWHERE = "http://proxy-check.invalid/"  # only a proxy can answer for this host

urllib3.disable_warnings()  # its warnings are wrong: certificates are always verified


def tls_context(ca: str | None) -> ssl.SSLContext:
    """A context with the certificates of certifi and of the file ``ca``. Slow: make it once per process.

    Raises InputError.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    if ca:
        try:
            context.load_verify_locations(ca)
        except (OSError, ssl.SSLError) as error:
            raise InputError(f"--ca {ca}: not a file of PEM certificates ({error})") from error
    return context


class Client:
    """One session, for one thread at a time. `send` sends one request and follows no redirect."""

    def __init__(self, vantage: Vantage, settings: Settings, tls: ssl.SSLContext) -> None:
        self.vantage, self.settings = vantage, settings
        self.deadline = Deadline(settings.timeout_s)
        self._open: list[socket.socket] = []
        self.target = ""  # the request target, as it is sent
        self.session = _Session()
        self.session.trust_env = False  # ignore proxies and .netrc of the environment
        adapter = _Adapter(self, tls)
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, adapter)
        self._adapter = adapter
        self._headers = {
            "User-Agent": settings.user_agent,
            "Accept": ACCEPT,
            "Accept-Language": ACCEPT_LANGUAGE,
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        self.keeps_alive = bool(vantage.proxy)  # only connections to a proxy are reused for the next page
        proxied = vantage.proxy if vantage.proxy and not vantage.proxy.startswith("socks") else None
        self._proxies = {"http": proxied, "https": proxied} if proxied else {}
        self._guard = not settings.allow_private and not vantage.proxy

    def begin(self, deadline: Deadline) -> None:
        """Obey this deadline from now on, also on connections that are open already."""
        self._open = [sock for sock in self._open if sock.fileno() != -1]
        deadline.sockets = self._open
        self.deadline = deadline

    def send(self, method: str, url: str, cookie: str = "") -> requests.Response:
        """The response to one request, its body unread. Raises the errors of Requests, and Failure."""
        host = urls.host(url)
        if not self.settings.allow_private and not may_be_public(host):
            raise Failure(Reason.PRIVATE, f"{host} is not a public host")
        response = self._send(method, url, cookie)
        if response.status_code == 407 and self._proxies:
            self._check_credentials()
        return response

    def _check_credentials(self) -> None:
        """Raise ProxyRefuses if the status 407 is the proxy's. A site can send any status."""
        response = self._send("GET", _NOWHERE)
        response.raw.close()
        if response.status_code == 407:
            raise ProxyRefuses("407 Proxy Authentication Required")

    def _send(self, method: str, url: str, cookie: str = "") -> requests.Response:
        request = requests.PreparedRequest()
        # Not `prepare`, which would rewrite the URL; ours is as the URL standard writes it.
        request.method, request.url, request.body = method, url, None
        request.headers = CaseInsensitiveDict(self._headers)
        request.hooks = {"response": []}
        request._cookies = requests.cookies.RequestsCookieJar()  # type: ignore[attr-defined]
        if cookie:
            request.headers["Cookie"] = cookie
        left = self.deadline.remaining()
        return self.session.send(
            request,
            stream=True,
            allow_redirects=False,
            timeout=(min(left, self.settings.connect_timeout_s), left),
            proxies=self._proxies,
        )

    def rest(self) -> None:
        """Close all connections to sites. Those to the user's own proxy stay open."""
        self.session.cookies.clear()
        self._adapter.poolmanager.clear()

    def connect(self, host: str, port: int, timeout: Any) -> socket.socket:
        """A socket to a host, from this vantage point. The guard checks every address first."""
        seconds = min(float(timeout or self.settings.connect_timeout_s), self.deadline.remaining())
        # Connecting to the proxy may take longer than this page has left.
        sock = self._to_proxy(host, port) if self.vantage.proxy else self._direct(host, port, seconds)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.append(sock)
        return sock

    def _to_proxy(self, host: str, port: int) -> socket.socket:
        began, seconds = time.monotonic(), self.settings.connect_timeout_s
        socks = str(self.vantage.proxy).startswith("socks")
        try:
            return (self._through_socks if socks else self._direct)(host, port, seconds)
        except ProxyAway as error:
            error.lost_s = time.monotonic() - began
            raise

    def _direct(self, host: str, port: int, seconds: float) -> socket.socket:
        addresses = self._resolve(host, port)
        last: OSError | None = None
        for family, kind, protocol, _, address in addresses:
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(seconds if self.vantage.proxy else min(seconds, self.deadline.remaining()))
                if self.vantage.source:
                    sock.bind((self.vantage.source, 0))
                sock.connect(address)
                if self._guard and not is_public(str(sock.getpeername()[0])):
                    raise Failure(Reason.PRIVATE, f"{host} is at {sock.getpeername()[0]}")
                return sock
            except OSError as error:
                last = error
                sock.close()
            except BaseException:
                sock.close()
                raise
        if self.vantage.proxy:
            raise ProxyAway(str(last))
        raise last or OSError(f"{host}: no address of the vantage point's family")

    def _resolve(self, host: str, port: int) -> list[Any]:
        try:
            found = _look_up(host.strip("[]"), port, self.deadline.remaining())
        except TimeoutError:
            raise
        except (OSError, UnicodeError) as error:
            if self.vantage.proxy:
                raise ProxyAway(str(error)) from error
            raise Failure(Reason.DNS, str(error)) from error
        if self._guard:
            public = [a for a in found if is_public(str(a[4][0]))]
            if not public:
                raise Failure(Reason.PRIVATE, f"{host} is at {found[0][4][0]}")
            found = public
        if self.vantage.source:
            family = socket.AF_INET6 if ":" in self.vantage.source else socket.AF_INET
            found = [a for a in found if a[0] == family]
        return found

    def _through_socks(self, host: str, port: int, seconds: float) -> socket.socket:
        url = urlsplit(self.vantage.proxy or "")
        remote = url.scheme == "socks5h"
        target = host.strip("[]")
        if not remote:  # names are resolved here, so that the guard can check the addresses
            guard, self._guard = self._guard, not self.settings.allow_private
            try:
                target = str(self._resolve(host, port)[0][4][0])
            except ProxyAway as error:
                raise Failure(Reason.DNS, str(error)) from error
            finally:
                self._guard = guard
        socksocket: Any = socks.socksocket()
        sock: socket.socket = socksocket
        socksocket.set_proxy(socks.SOCKS5, url.hostname, url.port, remote, url.username, url.password)
        sock.settimeout(seconds)
        try:
            sock.connect((target, port))
        except socks.ProxyConnectionError as error:
            sock.close()
            raise ProxyAway(str(error)) from error
        except socks.ProxyError as error:
            sock.close()
            cause = error.socket_err or error  # PySocks wraps also its own errors, which are OSErrors
            if isinstance(cause, socks.SOCKS5AuthError):
                raise ProxyRefuses(str(cause)) from error
            if not isinstance(cause, socks.SOCKS5Error):
                raise
            raise Failure(Reason.PROXY, str(cause)) from error
        except BaseException:
            sock.close()
            raise
        return sock


def _look_up(host: str, port: int, seconds: float) -> list[Any]:
    """getaddrinfo with a time limit. Raises its errors, and TimeoutError."""
    if host.replace(".", "").isdecimal() or ":" in host:
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    found: list[Any] = []

    def resolve() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=resolve, daemon=True)  # stays behind if the resolver does not answer
    thread.start()
    thread.join(seconds)
    if not found:
        raise TimeoutError(f"{host}: the resolver does not answer")
    if isinstance(found[0], BaseException):
        raise found[0]
    return list(found[0])


class _Session(requests.Session):
    """A session that follows no redirect: each hop must pass the guard, the pace and robots.txt first."""

    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:
        return iter(())


class _Adapter(HTTPAdapter):
    """The adapter of Requests, over the connections and TLS settings of the client."""

    def __init__(self, client: Client, tls: ssl.SSLContext) -> None:
        self._client, self._tls = client, tls
        super().__init__(pool_connections=4, pool_maxsize=1, max_retries=Retry(0, read=False))

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = self._guarded(
            PoolManager(num_pools=connections, maxsize=maxsize, block=block, ssl_context=self._tls, **kwargs)
        )

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if proxy not in self.proxy_manager:
            kwargs["ssl_context"] = kwargs["proxy_ssl_context"] = self._tls
            self._guarded(super().proxy_manager_for(proxy, **kwargs))
        return self.proxy_manager[proxy]

    def request_url(self, request: Any, proxies: Any) -> str:
        """The target for urllib3, which would quote it again. `client.target` is sent instead."""
        scheme, _, rest = request.url.partition("#")[0].partition("://")
        authority, _, path = rest.partition("/")
        plain = proxies and scheme == "http"
        self._client.target = f"http://{authority.rpartition('@')[2]}/{path}" if plain else f"/{path}"
        return str(super().request_url(request, proxies))

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self._tls}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"  # by the shared context; loading certificates again takes 10 ms

    def _guarded(self, manager: Any) -> Any:
        client = self._client

        class Plain(HTTPConnection):
            response_class = Answer

            def _new_conn(self) -> socket.socket:
                return client.connect(self._dns_host, self.port, self.timeout)

        class Secure(HTTPSConnection):
            response_class = Answer

            def _new_conn(self) -> socket.socket:
                return client.connect(self._dns_host, self.port, self.timeout)

            def connect(self) -> None:
                try:
                    super().connect()
                except (ConnectionResetError, ConnectionAbortedError, BrokenPipeError) as error:
                    self._blame_proxy(error)
                    if client.deadline.cut:
                        raise
                    raise Failure(Reason.TLS, f"closed during the handshake: {error}") from error
                except Exception as error:
                    self._blame_proxy(error)
                    raise
                if self.sock is not None:
                    # TLS inside the TLS of a proxy is not a socket but has one.
                    client._open.append(getattr(self.sock, "socket", self.sock))

            def _blame_proxy(self, error: Exception) -> None:
                """Raise ProxyAway or ProxyRefuses if the proxy failed in TLS or rejects our credentials."""
                if client.deadline.cut:
                    return
                if self.proxy and not self.has_connected_to_proxy:
                    if isinstance(error, ssl.SSLCertVerificationError):
                        raise ProxyRefuses(str(error)) from error
                    raise ProxyAway(str(error)) from error
                if isinstance(error, OSError) and "Tunnel connection failed: 407" in str(error):
                    raise ProxyRefuses(str(error)) from error

        class Exact:
            """A pool that sends the target unchanged."""

            def _make_request(self, conn: Any, method: str, url: str, **options: Any) -> Any:
                return super()._make_request(conn, method, client.target, **options)  # type: ignore[misc]

        class PlainPool(Exact, HTTPConnectionPool):  # type: ignore[misc]
            ConnectionCls = Plain

        class SecurePool(Exact, HTTPSConnectionPool):  # type: ignore[misc]
            ConnectionCls = Secure

        manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
        return manager
