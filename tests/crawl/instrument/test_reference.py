"""Against OpenWPM's own instrument: every call that it records, ours records too, the same in every part."""

# ruff: noqa: E501 (code of pages)

from collections import Counter

import pytest

from tests.crawl.instrument.harness import Instrumented, Visit, Web

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

PAGES = {
    "navigator and screen": "for(const n of ['appCodeName','appName','appVersion','buildID','cookieEnabled','doNotTrack',"
    "'geolocation','language','languages','onLine','oscpu','platform','product','productSub','userAgent','vendorSub',"
    "'vendor'])navigator[n];screen.pixelDepth;screen.colorDepth",
    "plugins": "for(const p of navigator.plugins){p.name;p.filename;p.description;p.length}for(const m of navigator."
    "mimeTypes){m.description;m.suffixes;m.type}",
    "storage": "document.cookie='a=b;path=/';document.cookie;window.name='n';window.name;localStorage.setItem('k','v\\ud83d\\ude00');"
    "localStorage.getItem('k');localStorage.key(0);localStorage.length;sessionStorage.clear();localStorage.removeItem('k')",
    "canvas": "function draw(){const c=document.createElement('canvas');c.width=200;c.height=c.width;c.id='i';c.className;"
    "c.getAttribute('id');c.nodeType;c.style;c.addEventListener('x',draw);const x=c.getContext('2d',{alpha:false});"
    "x.fillStyle='#069';x.fillStyle;x.font='11pt Arial';x.textBaseline='top';x.fillRect(1,2,3,4.5);x.fillText('hé',2,15);"
    "x.measureText('m');x.arc(1,2,3,0,7,true);x.save();x.restore();x.getImageData(0,0,9,9);x.isPointInPath(1,1);"
    "x.createLinearGradient(0,0,1,1);document.body.appendChild(c);c.parentNode;c.toDataURL('image/png')}draw()",
    "audio": "const a=new OfflineAudioContext(1,100,44100);const o=a.createOscillator();o.type='square';o.type;o.frequency;"
    "const g=a.createGain();o.connect(g);g.gain;const n=a.createAnalyser();n.fftSize;n.channelCount;g.connect(a.destination);"
    "o.start(0);a.sampleRate;a.state;a.oncomplete=()=>1;a.startRendering()",
    "WebRTC": "const p=new RTCPeerConnection({iceServers:[]});p.onicecandidate=()=>1;p.createDataChannel('x');p.signalingState;"
    "p.localDescription;p.createOffer().then(d=>1);p.addEventListener('icecandidate',()=>1);p.close()",
    "dynamic code": "eval('navigator.userAgent');Function('screen.colorDepth')();setTimeout('navigator.platform');"
    "[1,2].map(()=>navigator.language);new Promise(r=>r(navigator.oscpu)).then(()=>navigator.vendor)",
    "odd arguments": "localStorage.setItem('a',null);localStorage.setItem('b',undefined);localStorage.setItem('c',{a:1,toString(){return 't'}});"
    "localStorage.setItem('d',[1,'2']);localStorage.setItem(5,true);const x=document.createElement('canvas').getContext('2d');"
    "x.fillText('t',NaN,-0);x.setLineDash([1,2]);x.fillText(document.body,1,1)",
}


def records(visit: Visit) -> Counter[tuple[str, ...]]:
    """Calls by everything that both record."""
    return Counter(
        (c["s"], c["o"], c["v"], c.get("a") or "", c["location"], *c["at"][:5], (c.get("k") or "").strip())
        for c in visit.calls
    )


async def test_a_document_without_an_address_has_the_same_owner(
    reference: Instrumented, fingerprinting: Instrumented, web: Web
) -> None:
    """The extension tells of its frame, in which another document may be by then."""
    add = "const add=(a)=>{const f=document.createElement('iframe');Object.assign(f,a);document.body.append(f);return f};"
    told = "parent.postMessage(1,`*`)"
    web.add(
        "/owned", f"<!doctype html><body><script>{add}add({{}}).contentWindow.navigator.oscpu;{told}</script>"
    )
    page = web.add(
        "/owns",
        f"<!doctype html><body><script>D=0;onmessage=()=>D++;{add}add({{}}).contentWindow.navigator.oscpu;"
        "add({src:'/shown'}).contentWindow.navigator.oscpu;open().navigator.oscpu;add({src:'{OTHER}/owned'})</script>"
        f"<iframe srcdoc='<script>navigator.oscpu;{told}</script>'></iframe>",
    )
    web.add("/shown", "<!doctype html><p>x")
    expected = [("about:blank", web.other + "/owned"), ("about:srcdoc", web.base + page)]
    blank = ("about:blank", web.base + page)
    for browser, n in (
        (reference, 2),
        (fingerprinting, 3),
    ):  # of a window whose page comes theirs tells nothing
        visit = await browser.visit(web.base + page, "D===2", dwell_s=0.6)
        those = [m for m in visit.of("calls") if any(c["s"] == "window.navigator.oscpu" for c in m["calls"])]
        assert sorted((m["location"], m["context"]) for m in those) == sorted([*expected, *[blank] * n])


@pytest.mark.parametrize("name", PAGES)
async def test_every_call_of_openwpm_is_ours_too(
    reference: Instrumented, fingerprinting: Instrumented, web: Web, name: str
) -> None:
    path = web.add("/same", f"<!doctype html><title>t</title><body>\n<script>\n{PAGES[name]}</script>")
    theirs = records(await reference.visit(web.base + path, dwell_s=0.6))
    ours = records(await fingerprinting.visit(web.base + path, dwell_s=0.3))
    assert theirs
    assert theirs - ours == Counter()
