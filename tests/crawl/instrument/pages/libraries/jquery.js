$("#out")
  .append(
    $("<b>")
      .text("x")
      .on("click", () => $("#out").append("!")),
  )
  .find("b")
  .trigger("click");
$.get("/frame.html").then(() => (window.D = 1));
