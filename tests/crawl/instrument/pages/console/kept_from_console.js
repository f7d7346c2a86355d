for (const k of ["error", "unhandledrejection"])
  addEventListener(
    k,
    (e) => {
      e.preventDefault();
      e.stopImmediatePropagation();
    },
    true,
  );
Promise.reject(Error("rejected"));
setTimeout(() => {
  throw Error("thrown");
});
const s = document.createElement("script");
s.src = "{OTHER}/broken.js";
document.head.append(s);
