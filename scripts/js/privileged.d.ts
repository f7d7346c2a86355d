// The names that code with the rights of the browser finds.

declare const Cc: any;
declare const Ci: any;
declare const Components: any;
declare const ChromeUtils: any;
declare const Cr: any;
declare const Cu: any;
declare const Services: any;
