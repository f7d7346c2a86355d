const f = document.createElement("iframe");
f.src = URL.createObjectURL(new Blob(["<script>{READ}</" + "script>"], { type: "text/html" }));
f.onload = () => (window.D = 1);
document.body.append(f);
