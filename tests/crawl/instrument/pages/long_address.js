const long = "x".repeat(9e6);
const f = document.createElement("iframe");
f.src = "data:text/html,<script>navigator.oscpu;throw new Error(1)</" + "script>" + long;
document.body.append(f);
new Worker("data:text/javascript,navigator.platform;postMessage(1)//" + long).onmessage = () =>
  (window.D = 1);
