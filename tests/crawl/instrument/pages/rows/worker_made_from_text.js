importScripts("/i.js");
eval("{READ}");
(0, eval)("{READ}");
Function("{READ}")();
setTimeout("{READ}postMessage(1)");
