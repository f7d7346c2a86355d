const f = document.createElement("iframe");
document.body.append(f);
const d = f.contentDocument;
d.open();
d.write("<script>{READ}</" + "script>");
d.close();
