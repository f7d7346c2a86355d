// Code made from text: eval, Function and its kin, string timers, inline handlers, javascript: URLs.
// None of them is wrapped, for a wrapped eval is no direct eval any more. The background page adds a
// report-only policy to each document; Firefox then tells of each use, with the place and the beginning
// of the text. The event of our policy is stopped here before the page can see it.
// World: content script. The events are the browser's; the text in them is the page's.
"use strict";
