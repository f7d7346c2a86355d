const c = new ClientJS();
window.V = [c.getBrowser(), c.getOS(), c.getCanvasPrint().length, c.isCanvas(), c.getPlugins()].join();
window.D = 1;
