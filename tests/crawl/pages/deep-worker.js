// Work that goes deep, as libraries do it. Each task is asked for by its name, and answers with its result.
// World: a worker of a test's page.
function nested(depth) {
  let list = [];
  for (let i = 1; i < depth; i++) list = [list];
  return list;
}

const clone = (value) => (Array.isArray(value) ? value.map(clone) : value);

function levels(list) {
  let n = 0;
  for (let it = list; it; it = it[0]) n++;
  return n;
}

/** The tree of 0 + 1 + 2 + …, as a parser makes it. */
function sum(n) {
  let tree = { type: "Literal", value: 0 };
  for (let i = 1; i <= n; i++) tree = { type: "Binary", left: tree, right: { type: "Literal", value: i } };
  return tree;
}

const visitors = {
  Literal: (node) => node.value,
  Binary: (node, visit) => visit(node.left, visit) + visit(node.right, visit),
};
const walk = (node, visit) => visitors[node.type](node, visit);

function fill(size) {
  const cells = Array.from({ length: size }, () => new Array(size).fill(0));
  let n = 0;
  const at = (x, y) => {
    if (!(x >= 0 && y >= 0 && x < size && y < size) || cells[x][y]) return;
    cells[x][y] = 1;
    n++;
    at(x + 1, y);
    at(x, y + 1);
    at(x - 1, y);
    at(x, y - 1);
  };
  at(0, 0);
  return n;
}

/** How many calls go into one another until there is no stack left. */
function deepest() {
  let n = 0;
  const deeper = () => {
    n++;
    deeper();
  };
  try {
    deeper();
  } catch (error) {
    return error instanceof InternalError ? n : -1;
  }
}

/** Calls of one another, so many deep. */
const down = (n) => (n > 1 ? down(n - 1) : navigator.platform.length > 0);

const TASKS = {
  clone: () => levels(clone(nested(400))),
  walk: () => walk(sum(600), walk),
  fill: () => fill(40),
  shallow: () => down(40),
  deepest,
};

onmessage = ({ data }) => {
  navigator.onLine; // before it goes deep
  const result = TASKS[data]();
  navigator.language; // after it
  setTimeout(() => {
    navigator.userAgent; // in a later task
    postMessage(result);
  });
};
