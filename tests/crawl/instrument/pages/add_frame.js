const add = (a) => {
  const f = document.createElement("iframe");
  Object.assign(f, a);
  document.body.append(f);
  return f;
};
