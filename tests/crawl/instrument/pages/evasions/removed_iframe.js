const f = document.createElement("iframe");
document.body.append(f);
const g = Object.getOwnPropertyDescriptor(f.contentWindow.Navigator.prototype, "oscpu").get;
f.remove();
g.call(navigator);
