Object.create(navigator);
try {
  Object.create(navigator).oscpu;
} catch {}
const { oscpu } = navigator;
with (navigator) {
  oscpu;
}
