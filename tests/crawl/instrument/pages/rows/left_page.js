addEventListener("pagehide", () => {
  {READ}
});
addEventListener("unload", () => {
  {READ}
});
onload = () => setTimeout(() => (location.href = "/next.html"), 20);
