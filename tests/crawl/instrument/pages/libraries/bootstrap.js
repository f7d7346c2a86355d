document.getElementById("out").innerHTML = "<div class=modal id=m></div>";
new bootstrap.Modal("#m").show();
window.D = 1;
