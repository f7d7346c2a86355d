for (let i = 0; i < 20; i++) sessionStorage["k" + i] = "v".repeat(1e5);
for (let i = 0; i < 50; i++) window.sessionStorage;
