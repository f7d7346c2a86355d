# ruff: noqa: E501 (code of pages)
"""Known ways to detect instrumentation, each an expression that is true where it finds something.

Sources: Krumnow, Jonker and Karsch, "How gullible are web measurement tools?" (arXiv:2205.08890); OpenWPM
issues 102, 545, 1187; CreepJS ("lies"); fp-collect; puppeteer-extra-plugin-stealth's list of evasions.
"""

_UA = "Object.getOwnPropertyDescriptor(Navigator.prototype,'userAgent').get"
_DATA = "HTMLCanvasElement.prototype.toDataURL"


def _throws(code: str) -> str:
    """The error of some code, as 'NAME: MESSAGE'."""
    return f"(()=>{{try{{{code};return ''}}catch(e){{return e.name+': '+e.message}}}})()"


def _served(how: str) -> str:
    """Whether a service worker that answers with what it was asked for sees a header of ours."""
    return (
        "(async()=>{const c=new BroadcastChannel('detect');const said=new Promise(r=>{c.onmessage=e=>r(e.data)});"
        f"const s=await navigator.serviceWorker.register('/detect-worker.js?{how}',{{scope:'/detect-served'}});"
        "await new Promise(r=>{const w=s.installing||s.waiting||s.active;if(w.state==='activated')r();"
        "else w.onstatechange=()=>w.state==='activated'&&r()});const f=document.createElement('iframe');"
        "f.src='/detect-served';document.body.append(f);const found=await said;f.remove();await s.unregister();"
        "return found})()"
    )


DETECTORS = {
    "navigator.webdriver is true": "navigator.webdriver!==false",
    "webdriver is missing": "!('webdriver' in navigator)",
    "webdriver is of the instance": "navigator.hasOwnProperty('webdriver')",
    "webdriver in an iframe": "(()=>{const f=document.createElement('iframe');document.body.append(f);"
    "const v=f.contentWindow.navigator.webdriver;f.remove();return v!==false})()",
    "webdriver's getter on another object answers": _throws(
        "Object.getOwnPropertyDescriptor(Navigator.prototype,'webdriver').get.call({})"
    )
    + "!==\"TypeError: 'get webdriver' called on an object that does not implement interface Navigator.\"",
    "names that OpenWPM leaves": "'getPropertyDescriptor' in Object||'getPropertyNames' in Object||"
    "'rsplit' in String.prototype||'getInstrumentJS' in window||'jsInstruments' in window||"
    "'instrumentFingerprintingApis' in window",
    "toString shows code": f"!/^function userAgent\\(\\) \\{{\\s+\\[native code\\]\\s+\\}}$/.test({_UA})",
    "toString of another realm shows code": "(()=>{const f=document.createElement('iframe');"
    "document.body.append(f);const t=f.contentWindow.Function.prototype.toString.call("
    f"{_DATA});f.remove();return !t.startsWith('function toDataURL() {{')||!t.includes('[native code]')}})()",
    "toString's own toString": "!(''+Function.prototype.toString.toString).includes('[native code]')",
    "name": f"{_UA}.name!=='get userAgent'||{_DATA}.name!=='toDataURL'",
    "length": f"{_UA}.length!==0||{_DATA}.length!==0||document.appendChild.length!==1||"
    "CanvasRenderingContext2D.prototype.fillText.length!==3",
    "own properties": f"Reflect.ownKeys({_DATA}).sort().join()!=='length,name'",
    "a prototype": f"'prototype' in {_DATA}||{_DATA}.hasOwnProperty('arguments')||"
    f"{_DATA}.hasOwnProperty('caller')",
    "constructible": _throws(f"new ({_DATA})")
    + "!=='TypeError: HTMLCanvasElement.prototype.toDataURL is not "
    "a constructor'",
    "constructible as new.target": _throws(f"Reflect.construct(Object,[],{_DATA})") + "===''",
    "extends": "!" + _throws(f"class A extends {_DATA}{{}}") + ".includes('not a constructor')",
    "instanceof": f"!({_DATA} instanceof Function)||Object.getPrototypeOf({_DATA})!==Function.prototype",
    "instanceof with itself": _throws(f"({{}}) instanceof {_DATA}")
    + "!==\"TypeError: 'prototype' property of HTMLCanvasElement.prototype.toDataURL is not an object\"",
    "prototype chain cycle": "!"
    + _throws(f"Object.setPrototypeOf({_DATA},Object.create({_DATA}))")
    + ".includes('cycle')",
    "Object.create of it": "!" + _throws(f"Object.create({_DATA}).toString()") + ".startsWith('TypeError')",
    "getters on the instance": "Object.getOwnPropertyNames(navigator).length>0||"
    "Object.getOwnPropertyNames(screen).length>0||document.hasOwnProperty('cookie')",
    "descriptor of a getter": "(()=>{const d=Object.getOwnPropertyDescriptor(Navigator.prototype,'userAgent');"
    "return !d.configurable||!d.enumerable||d.set!==undefined||Object.keys(d).join()!=="
    "'get,set,enumerable,configurable'})()",
    "descriptor of a method": "(()=>{const d=Object.getOwnPropertyDescriptor(HTMLCanvasElement.prototype,"
    "'toDataURL');return !d.configurable||!d.enumerable||!d.writable})()",
    "own properties shadow inherited ones": "['nodeType','addEventListener','parentNode'].some("
    "n=>HTMLCanvasElement.prototype.hasOwnProperty(n))",
    "an extension's URL in the stack of an error": "(()=>{try{document.createElement('canvas').getContext('2d')"
    ".drawImage({},0,0)}catch(e){return /moz-extension/.test(e.stack)||e.stack.split('\\n')"
    ".filter(x=>x).length!==this.depth(e)}})()".replace(
        "||e.stack.split('\\n').filter(x=>x).length!==this.depth(e)", ""
    ),
    "an extension's URL in a stack inside a callback": "(()=>{let s='';const o={toString(){s=new Error().stack;"
    "return 'x'}};document.createElement('canvas').getContext(o);return s===''||/moz-extension/.test(s)})()",
    "an extension's frame as caller": "(()=>{let c=0;function f(){c=f.caller;return 'x'};"
    "document.createElement('canvas').getContext({toString:f});return c!==null&&c.name!==''&&c!==0&&"
    "!String(c).includes('getContext({toString:f})')})()",
    "the stack of a listener's Error": "new Promise(r=>{const t=new EventTarget();"
    "t.addEventListener('click',()=>r(/moz-extension/.test(new Error().stack)));"
    "t.dispatchEvent(new Event('click'))})",
    "less depth before the stack overflows": "(()=>{let n=0;const o={get x(){n++;return o.x}};"
    "try{o.x}catch(e){return !(e instanceof InternalError)}return true})()",
    "enumeration order of the prototype": "(()=>{const k=Object.keys(Navigator.prototype);"
    "return k.indexOf('userAgent')<0||k[k.length-1]==='userAgent'||"
    "k.indexOf('userAgent')>k.indexOf('language')})()",
    "a script element at the start": "window.SCRIPTS!==1",
    "attributes of OpenWPM's script": "document.querySelector('[data-event-id]')!==null",
    "events of a random name": "window.EVENTS.some(t=>t!=='click')",
    "a report-only policy's events": "window.VIOLATIONS>0",
    "numbers of timers that are missing": "window.TIMER!==1",
    "a global of an extension": "Object.getOwnPropertyNames(window).some(n=>/overscripted|openwpm|instrument/i"
    ".test(n))",
    "a wrapper called by its own name": "(()=>{const d=Object.getOwnPropertyDescriptor(Document.prototype,"
    "'cookie');return String(d.get)!==String(Object.getOwnPropertyDescriptor(Document.prototype,'cookie').get)"
    "||d.get!==Object.getOwnPropertyDescriptor(Document.prototype,'cookie').get})()",
    "the same function in two reads": f"{_DATA}!=={_DATA}",
    "sets on read-only attributes do not throw": "!"
    + _throws("(function(){'use strict';navigator.userAgent='x'})()")
    + ".includes('setting getter-only property')",
    "a method without arguments": _throws("document.createElement('canvas').getContext()")
    + "!=='TypeError: HTMLCanvasElement.getContext: At least 1 argument required, but only 0 passed'",
    "eval is wrapped": "(()=>{const x=7;return eval('x')!==7||String(eval)!=="
    "'function eval() {\\n    [native code]\\n}'})()",
    "Function is wrapped": "Function.prototype.constructor!==Function||new Function('return this')()!==window",
    "window size of a headless browser": "outerWidth===0||outerHeight===0||screen.width<innerWidth||"
    "outerHeight<innerHeight",
    "no languages": "navigator.languages.length===0||navigator.language===''",
    "an origin of messages": "new Promise(r=>{addEventListener('message',e=>r(e.source!==window||"
    "e.origin!==location.origin),{once:true});postMessage('x','/')})",
    "resources of an extension": "performance.getEntriesByType('resource').some(e=>/moz-extension|overscripted/"
    ".test(e.name))",
    "promises of another realm": "!(navigator.storage.estimate() instanceof Promise)&&isSecureContext",
    "objects of another realm": "!(document.createElement('canvas').getContext('2d').getImageData(0,0,1,1) "
    "instanceof ImageData)||!(navigator.languages instanceof Array)",
    "errors of another realm": "(()=>{try{document.createElement('canvas').toDataURL.call(1)}catch(e){"
    "return !(e instanceof TypeError)}return true})()",
    "a cached document's header": "(async()=>{const f=document.createElement('iframe');f.src='/detect-kept';"
    "await new Promise(r=>{f.onload=r;document.body.append(f)});f.remove();return (await fetch('/detect-kept',"
    "{cache:'force-cache'})).headers.get('content-security-policy-report-only')!==\"img-src 'none'\"})()",
    "a document's header in a service worker": _served("fetch"),
    "a document's header as a service worker preloads it": _served("preload"),
    "a response's header": "fetch(location.href).then(r=>r.headers.has('content-security-policy-report-only'))",
}
# What they load beside their page: path -> content, type, headers.
BESIDE = {
    "/detect-kept": (
        "<p>x",
        "text/html",
        {"Cache_Control": "max-age=600", "Content_Security_Policy_Report_Only": "img-src 'none'"},
    ),
    "/detect-served": ("<p>x", "text/html", {}),
    "/detect-worker.js": (
        "onactivate=e=>e.waitUntil(registration.navigationPreload.enable());"
        "const how={fetch:e=>fetch(e.request),preload:e=>e.preloadResponse}[location.search.slice(1)];"
        "onfetch=e=>{if(e.request.mode==='navigate')e.respondWith(how(e).then(r=>{"
        "new BroadcastChannel('detect').postMessage(!r||r.headers.has('content-security-policy-report-only'));"
        "return r}))}",
        "text/javascript",
        {},
    ),
}
# True in any browser that WebDriver drives.
DRIVEN = {"navigator.webdriver is true", "webdriver in an iframe"}

# Seen by the page's first script, before anything else.
FIRST = """<!doctype html><title>t</title><script>
window.EVENTS=[];window.VIOLATIONS=0;window.SCRIPTS=document.getElementsByTagName('script').length;
window.TIMER=setTimeout(()=>0);
for(const t of [EventTarget,Document,Window]) { const d=EventTarget.prototype.dispatchEvent;
EventTarget.prototype.dispatchEvent=function(e){EVENTS.push(e.type);return d.apply(this,arguments)}; break }
for(const t of [window,document]) t.addEventListener('securitypolicyviolation',()=>VIOLATIONS++,true);
eval('1');Function('1');setTimeout('1');
</script><body>"""
