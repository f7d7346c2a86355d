const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const { getTimezoneOffset } = Date.prototype;
new Date(0).getTimezoneOffset();
[new Date(0)].map((date) => getTimezoneOffset.call(date));
new Date(0).getTime();
Intl.NumberFormat().resolvedOptions();
postMessage(zone);
