mixpanel.init("t", { api_host: location.origin });
mixpanel.track("e");
window.V = typeof mixpanel.get_distinct_id();
setTimeout(() => (window.D = 1), 100);
