# ruff: noqa: E501 (code of pages)
"""No page can see that it is instrumented: known detectors, and every function compared with a plain browser."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from overscripted.crawl.firefox.parent_process import Parent
from overscripted.crawl.firefox.process import Firefox
from tests.crawl.instrument.detectors import BESIDE, DETECTORS, DRIVEN, FIRST
from tests.crawl.instrument.harness import Instrumented, Visit, Web, bare_page, seen_page

pytestmark = [pytest.mark.firefox, pytest.mark.asyncio(loop_scope="session")]

# What a page can learn of each property of each interface without having made any object.
SURVEY = r"""(() => {
  const out = {};
  const text = (code) => { try { return String(code()); } catch (e) {
    return `${e.name}: ${e.message} ${e.stack.split('\n').length} ${e.fileName === location.href}`; } };
  // Firefox words these as it comes: "f", or the function's text.
  const plainly = (code) => text(code).replace(/: function [^]*\} is not|: f is not/, ': it is not');
  const flags = (d) => d && Object.keys(d).map((k) => k + (typeof d[k] === 'boolean' ? d[k] : typeof d[k])).join();
  const of = (f) => [f.name, f.length, Reflect.ownKeys(f).map(String).sort().join(), String(f), 'prototype' in f,
    flags(Object.getOwnPropertyDescriptor(f, 'name')), flags(Object.getOwnPropertyDescriptor(f, 'length')),
    Object.getPrototypeOf(f) === Function.prototype, plainly(() => Reflect.construct(Object, [], f)),
    plainly(() => { class A extends f {} }), text(() => f.caller), text(() => f.arguments), Object.isExtensible(f)];
  const calls = (f) => [text(() => f.call({})), text(() => f.call(null)), text(() => f.call(1)),
    text(() => f.apply(Object.create(null), [{}]))];
  const quiet = /^(alert|confirm|prompt|print|open|close|stop|find|dump|location|reload|postMessage|fetch|setTimeout|setInterval|focus|blur|moveTo|moveBy|resizeTo|resizeBy|write|writeln|open|requestAnimationFrame|requestIdleCallback|queueMicrotask|reportError)$/;
  const owners = [['window', window], ['document', document], ['navigator', navigator], ['screen', screen]];
  for (const name of Object.getOwnPropertyNames(window).sort()) {
    const it = window[name];
    if (typeof it === 'function' && it.prototype && /\[native code\]/.test(String(it))) {
      owners.push([name + '.prototype', it.prototype], [name, it]);
    }
  }
  for (const name of ['WebAssembly', 'Reflect', 'JSON']) owners.push([name, window[name]]);
  for (const [name, owner] of owners) {
    // The order of a window's interfaces tells which of them have been named, see docs/explanation/not-covered.md.
    const keys = Reflect.ownKeys(owner).map(String);
    out[name] = (owner === window ? keys.sort() : keys).join();
    const same = new Map(); // which names are one function
    for (const key of Reflect.ownKeys(owner)) {
      const d = Object.getOwnPropertyDescriptor(owner, key);
      for (const f of [d.get, d.set, d.value]) {
        if (typeof f === 'function') same.set(f, (same.get(f) ?? '') + ' ' + String(key));
      }
    }
    out[`${name} same`] = [...same.values()].filter((names) => names.includes(' ', 1)).sort().join();
    for (const key of Reflect.ownKeys(owner)) {
      const d = Object.getOwnPropertyDescriptor(owner, key);
      const id = `${name}.${String(key)}`;
      out[id] = flags(d);
      for (const part of ['get', 'set', 'value']) {
        if (typeof d[part] !== 'function' || (part === 'value' && /^[A-Z]/.test(String(key)))) continue;
        out[`${id} ${part}`] = of(d[part]);
        if (name.endsWith('.prototype') && !quiet.test(String(key))
          && !/^(Promise|Function|Object|Symbol|Iterator|Async|Generator|String|Date)/.test(name)) out[`${id} ${part}()`] = calls(d[part]);
      }
    }
  }
  return JSON.stringify(out);
})()"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(browser: Instrumented, web: Web) -> AsyncIterator[Visit]:
    """An open page in the instrumented browser."""
    for path, (body, kind, headers) in BESIDE.items():
        web.add(path, body, kind, **headers)
    visit = await seen_page(browser, web.base + web.add("/detect", FIRST))
    yield visit
    await browser.close(visit)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bare(plain: Firefox, web: Web) -> Visit:
    """The same page in a plain browser."""
    return await bare_page(plain, web.base + web.add("/detect", FIRST))


@pytest.mark.parametrize("name", DETECTORS)
async def test_no_detector_finds_anything(seen: Visit, bare: Visit, name: str) -> None:
    assert await seen.run(DETECTORS[name]) is False
    # A detector that finds something in a plain browser, too, would detect nothing.
    if name not in DRIVEN:
        assert await bare.run(DETECTORS[name]) is False


async def test_every_interface_is_as_in_a_plain_browser(seen: Visit, bare: Visit) -> None:
    """Descriptors, order, names, lengths, toString, errors and their stacks, of all that a page can name."""
    ours, theirs = json.loads(await seen.run(SURVEY)), json.loads(await bare.run(SURVEY))
    different = {name: (ours.get(name), theirs[name]) for name in theirs if ours.get(name) != theirs[name]}
    assert different == {}
    assert ours.keys() == theirs.keys()
    assert len(theirs) > 5000


# As of an address that a person enters in an empty tab.
_ENTERED = """async (url) => {
  const window = Services.wm.getMostRecentWindow("navigator:browser");
  const { gBrowser } = window;
  const until = async (done) => {
    while (!done()) await new Promise((resolve) => window.setTimeout(resolve, 50));
  };
  const triggeringPrincipal = Services.scriptSecurityManager.getSystemPrincipal();
  const tab = (gBrowser.selectedTab = gBrowser.addTab("about:blank", { triggeringPrincipal }));
  const page = () => tab.linkedBrowser;
  await until(() => page().browsingContext?.sessionHistory?.count === 1); // the empty page is there
  page().fixupAndLoadURIString(url, { triggeringPrincipal });
  await until(() => page().contentTitle.startsWith("["));
  const told = page().contentTitle;
  gBrowser.removeTab(tab);
  return told;
}"""


async def test_a_visit_begins_as_of_a_person(browser: Instrumented, plain: Firefox, web: Web) -> None:
    told = (
        "const {activation:a}=navigation;onload=()=>{document.title=JSON.stringify([a?.navigationType,a?.from,a?.entry.index,"
        "navigation.entries().length,navigation.canGoBack,document.referrer,performance.getEntriesByType('navigation')[0].type])}"
    )
    url = web.base + web.add("/begins", f"<!doctype html><title>t</title><script>{told}</script>")
    parent = await Parent.attach(plain.bidi, *[lambda *_: None] * 3)
    theirs = json.loads(await parent.call(_ENTERED, url))
    visit = await seen_page(browser, url)
    ours = json.loads(await visit.run("document.title"))
    await browser.close(visit)
    assert ours == theirs == ["push", None, 0, 1, False, "", "navigate"]
