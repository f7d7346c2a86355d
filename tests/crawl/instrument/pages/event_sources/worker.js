const source = new EventSource(`/echo${location.search}`);
source.onmessage = ({ data }) => new BroadcastChannel("said").postMessage(data);
