addEventListener("pageshow", (e) => {
  if (e.persisted) {
    {READ}
    window.D = 1;
  } else if (!sessionStorage.x) {
    sessionStorage.x = 1;
    setTimeout(() => (location.href = "/back.html"), 20);
  }
});
