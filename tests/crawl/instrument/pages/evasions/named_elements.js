document.body.innerHTML =
  "<form id=navigator2 name=URL><input name=tagName><input name=parentNode></form><img name=scripts><img name=documentElement><img name=body>";
navigator.oscpu;
