// case: a font by its property, then the size of the element
const span = document.body.appendChild(document.createElement("span"));
span.textContent = "mmm";
span.style.fontFamily = "Arial";
[span.offsetWidth, span.offsetHeight, span.getBoundingClientRect().width, span.getClientRects().length];

// case: a font by setProperty
const range = document.createRange();
document.body.style.setProperty("font-family", "Arial");
range.getBoundingClientRect();

// case: a font by a text of styles
document.body.style.cssText = "color: red; font: 12px Arial";
document.body.setAttribute("style", "font-family: Arial");
document.body.clientWidth;

// case: a font by a rule
const sheet = document.head.appendChild(document.createElement("style")).sheet;
sheet.insertRule("body { font-family: Arial }");
document.body.scrollWidth;

// case: no font: boxes alone
document.body.style.color = "red";
document.body.style.setProperty("color", "blue");
document.body.style.cssText = "color: green";
document.body.setAttribute("style", "color: green");
document.body.style.fontFamily;
for (let i = 0; i < 1000; i++) [document.body.offsetWidth, document.body.getBoundingClientRect()];

// case: a font once, then layout without end
document.body.style.font = "12px Arial";
for (let i = 0; i < 1000; i++) document.body.offsetHeight;

// case: a font in another document
const frame = document.body.appendChild(document.createElement("iframe"));
frame.contentDocument.body.style.fontFamily = "Arial";
document.body.offsetWidth;

// case: texts
const metrics = document.createElement("canvas").getContext("2d").measureText("m");
[metrics.width, metrics.actualBoundingBoxAscent, metrics.fontBoundingBoxDescent];
const worn = new OffscreenCanvas(1, 1).getContext("2d");
worn.measureText("m");
worn.arc(0, 0, 1, 0, 1);

// case: media, screen and bars
matchMedia("(pointer: fine)").matches;
[screen.orientation.type, visualViewport.scale, locationbar.visible, innerWidth];
CSS.supports("color", "red");
document.fonts.check("12px Arial");

// case: events and time
new Event("x").timeStamp;
new KeyboardEvent("keydown", { code: "KeyA" }).code;
new WheelEvent("wheel").deltaY;
performance.timing.navigationStart;

// case: voices, capabilities, permissions
speechSynthesis.getVoices();
RTCRtpReceiver.getCapabilities("audio");
window.P = navigator.permissions.query({ name: "geolocation" }).then((status) => status.state);

// case: audio
const audio = new AudioContext();
[audio.baseLatency, audio.outputLatency, audio.sampleRate];
audio.close();
