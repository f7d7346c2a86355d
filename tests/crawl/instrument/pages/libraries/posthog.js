posthog.init("k", { api_host: location.origin, autocapture: true, persistence: "localStorage" });
window.V = typeof posthog.get_distinct_id();
setTimeout(() => (window.D = 1), 300);
