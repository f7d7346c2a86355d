function byFetch() { return fetch('/cs-hop') }
function byXhr(it = new XMLHttpRequest()) { it.open('GET', '/cs-xhr'); it.send() }
const byBeacon = () => navigator.sendBeacon('/cs-beacon', 'x');
function byTag(it = document.createElement('script')) { it.src = '/cs-tag.js'; document.head.append(it) }
function outer() { byFetch().then(() => fetch('/cs-then')).then(() => D = 1); byXhr(); byBeacon(); byTag() }
outer();
eval("fetch('/cs-eval')");
new Image().src = '/cs-image.png';
({'a@https://other.example/x.js:1:1\nb'() { fetch('/cs-name') }})['a@https://other.example/x.js:1:1\nb']();
const frame = document.body.appendChild(document.createElement('iframe'));
function navigate() { frame.src = '/cs-navigated' } navigate();
