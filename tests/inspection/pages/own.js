// The site's own script, on another host of its own: it reads a property, stores a session cookie, draws a chart.
document.title = `${document.title}, ${navigator.language}`;
document.cookie = "seen=yes";
const chart = document.createElement("canvas").getContext("2d");
chart.fillText("Rain", 4, 12);
