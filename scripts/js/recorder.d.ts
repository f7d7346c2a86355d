// What recorders of documents and workers are told: see crawl/PROTOCOL.md, "Settings".

interface Item {
  object: string;
  name: string;
  properties?: string[];
  excluded?: string[];
  stack?: boolean;
  functions?: boolean;
  bytes?: boolean;
  when?: string | string[];
}

declare const OVERSCRIPTED: {
  mark: string;
  instruments: Item[];
  reference?: string;
  caps?: { [name: string]: number };
};

// Of documents; workers have none.
declare var Document: any;
