const d = {GETTER};
Object.defineProperty(navigator, "oscpu", d);
navigator.oscpu;
