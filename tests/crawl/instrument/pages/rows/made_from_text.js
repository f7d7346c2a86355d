eval("{READ}");
(0, eval)("{READ}");
Function("{READ}")();
setTimeout("{READ}");
import("data:text/javascript,{READ}")
  .then(() => import(URL.createObjectURL(new Blob(["{READ}"], { type: "text/javascript" }))))
  .then(() => (window.D = 1));
