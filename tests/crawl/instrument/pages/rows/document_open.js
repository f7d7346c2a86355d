setTimeout(() => {
  document.open();
  document.write("<script>{READ}window.D=1</" + "script>");
  document.close();
}, 50);
