// Keeps an identifier as the site's own cookie for two years, and tells its company.
const id = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) =>
  byte.toString(16).padStart(2, "0"),
).join("");
document.cookie = `_visitor=${id}; max-age=63072000`;
new Image().src = `https://www.google-analytics.com/collect.gif?cid=${id}`;
