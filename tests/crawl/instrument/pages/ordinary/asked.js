// case: may it notify
Notification.permission;

// case: notify
Notification.requestPermission();

// case: place
new Promise((r, n) => navigator.geolocation.getCurrentPosition(r, n));

// case: camera and microphone
navigator.mediaDevices.getUserMedia({ audio: true, video: true });

// case: the screen
navigator.mediaDevices.getDisplayMedia();

// case: storage for good
navigator.storage.persist();

// case: is storage for good
navigator.storage.persisted();

// case: instruments
navigator.requestMIDIAccess();

// case: a key
navigator.credentials.get({ publicKey: { challenge: new Uint8Array(8) } });

// case: push
navigator.serviceWorker
  .register("/ordinary.js")
  .then(() => navigator.serviceWorker.ready)
  .then((it) => it.pushManager.subscribe({ userVisibleOnly: true }));

// case: clipboard, read
navigator.clipboard.readText();

// case: clipboard, written
navigator.clipboard.writeText("x");

// case: clipboard, by command
document.execCommand("copy");

// case: the whole screen
document.documentElement.requestFullscreen();

// case: the pointer
document.documentElement.requestPointerLock();

// case: an awake screen
navigator.wakeLock.request().then((it) => it.type);

// case: its scheme
String(navigator.registerProtocolHandler("web+ordinary", location.origin + "/?%s"));

// case: a pop-up
String(open("/popup"));

// case: an empty pop-up
String(open());

// case: a pop-up later
new Promise((r) => setTimeout(r, 200)).then(() => String(open("/popup", "x", "width=200")));

// case: a link with a target
(document.querySelector("a").click(), "clicked");

// case: a form with a target
(document.forms[0].submit(), "sent");

// case: its own name as a target
String(open("#x", "_self") === window);
