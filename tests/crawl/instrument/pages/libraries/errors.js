window.ERRORS = [];
addEventListener("error", (e) => ERRORS.push(e.message));
addEventListener("unhandledrejection", (e) => ERRORS.push(String(e.reason)));
