for (const p of navigator.plugins) {
  p.name;
  p.filename;
  p.description;
  p.length;
}
for (const m of navigator.mimeTypes) {
  m.description;
  m.suffixes;
  m.type;
}
