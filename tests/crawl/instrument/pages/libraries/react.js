const e = React.createElement;
function A() {
  const [n, s] = React.useState(0);
  React.useEffect(() => {
    if (n < 3) s(n + 1);
    else window.D = 1;
  });
  return e("p", { onClick: () => 0 }, "n", n);
}
ReactDOM.createRoot(document.getElementById("out")).render(e(A));
