const name = location.search.slice(1);
const socket = new WebSocket(`ws://${location.host}/socket?${name}`);
socket.onopen = () => socket.send(name);
socket.onmessage = () => new BroadcastChannel("said").postMessage(name);
if (name === "nests") new Worker(`${location.pathname}?nested`);
