// Lists what is wrapped in a window, and by which symbols its uses are recorded. PlanBuilder makes a plan once for all
// windows of a kind.
// World: sandbox of a document. Parts that the installation does not need are parsed when a wrapper is first called.
"use strict";

const Plan = (() => {
  const { getPrototypeOf } = Object;
  const { parse } = JSON;
  const { classOf } = Text;

  /** One property of one owner, and the symbols of its uses, by the receiver's class. */
  class Member extends Target.InstrumentedMember {
    constructor(name, [always, byClass]) {
      super();
      const { instruments } = OVERSCRIPTED;
      if (always >= 0) this.add(Target.of(instruments[always], name), null);
      for (const kind in byClass) this.add(Target.of(instruments[byClass[kind]], name), kind);
      this.classes = null; // cache: prototype of a receiver -> target or null
    }

    /** The target for a receiver; null if its use is not recorded. */
    target(receiver) {
      if (this.byClass === null) return this.always;
      return this.special(receiver) ?? this.always;
    }

    special(receiver) {
      let prototype;
      try {
        prototype = getPrototypeOf(receiver);
      } catch {
        return null;
      }
      this.classes ??= new Map();
      let found = this.classes.get(prototype);
      if (found === undefined) {
        try {
          found = this.byClass.get(classOf(receiver).slice(8, -1)) ?? null;
        } catch (error) {
          if (error instanceof InternalError) throw error; // the stack is used up: this tells nothing about the class
          found = null;
        }
        if (this.classes.size > 1000) this.classes.clear();
        this.classes.set(prototype, found);
      }
      return found;
    }
  }

  return class Plan {
    // The shape of a property as bits of a number. The bits above are the length of a method.
    static GET = 1;
    static SET = 2;
    static METHOD = 4;
    static PLAIN = 8; // a method that is enumerable and writable, as most are
    static LENGTH = 4;

    static known = new Map(); // text -> plan

    /** The plan of a window: one that another window of its kind has shared, or a new one. */
    static of(link, window, hooked) {
      let { plan: text } = link;
      if (!text) link.planned((text = PlanBuilder.of(window, hooked)));
      let plan = Plan.known.get(text.rest);
      if (!plan) Plan.known.set(text.rest, (plan = new Plan(text)));
      return plan;
    }

    constructor({ owners, rest }) {
      this.text = owners; // for the window's own side
      // Per owner: [names of the path to it, prototypes up from there, names of properties]
      this.owners = parse(owners);
      const { shapes, twins, classes, targets } = parse(rest);
      this.shapes = shapes; // by the number of a name; names are numbered through all owners
      this.twins = twins; // number of a name -> other names of the same method
      this.classes = classes; // per owner
      this.targets = targets;
      this.members = []; // members that have been read
    }

    /** The member of a name, by its number. */
    read(i) {
      if (typeof this.targets === "string") {
        this.names = this.owners.flatMap(([, , names]) => names);
        this.targets = parse(this.targets); // last, because an error for lack of stack may stop this at any line
      }
      return (this.members[i] = new Member(this.names[i], this.targets[i]));
    }
  };
})();
