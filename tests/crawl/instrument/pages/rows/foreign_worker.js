onmessage = () => (window.D = 1);
const f = document.createElement("iframe");
f.src = "{OTHER}/wf.html";
document.body.append(f);
