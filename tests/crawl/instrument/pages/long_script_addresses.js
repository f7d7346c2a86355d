const long = "x".repeat(6e4),
  all = [];
for (let i = 0; i < 150; i++)
  all.push((0, eval)("()=>navigator.platform//# sourceURL=http://x/" + i + "/" + long));
for (const one of all) for (let i = 0; i < 3; i++) one();
for (const one of all) one();
