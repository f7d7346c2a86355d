// The names that the sandbox of a document has.

declare const Element: any;
declare const InternalError: ErrorConstructor;
declare const Node: any;
declare function XPCNativeWrapper(value: any): any;
declare function cloneInto(value: any, target: any, options?: object): any;
declare const crypto: any;
declare function exportFunction(wrapper: Function, target: any, options?: object): any;
declare function structuredClone(value: any): any;
