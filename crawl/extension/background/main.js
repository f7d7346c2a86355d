// Start: everything else has registered itself by now.
// World: background page.
"use strict";

Socket.connect();
