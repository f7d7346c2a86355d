// Which visit something belongs to.
// World: Firefox's parent process, privileged.
"use strict";

/** The cookie store of a visit's user context, as extensions name it. */
const cookieStore = (user) => `firefox-container-${user}`;
