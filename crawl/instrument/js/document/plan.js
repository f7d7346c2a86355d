// Says what is wrapped in a window, and under which symbols its uses are recorded. PlanBuilder makes it once for all
// windows of a kind.
// World: sandbox of a document. What is not needed to put wrappers in place is parsed when a wrapper is first called.
"use strict";

const Plan = (() => {
  const { getPrototypeOf } = Object;
  const { parse } = JSON;
  const { classOf } = Text;

  /** One property of one owner, and the symbols its uses have, by the receiver's class. */
  class Member extends Target.InstrumentedMember {
    constructor(name, [always, byClass]) {
      super();
      const { instruments } = OVERSCRIPTED;
      if (always >= 0) this.add(Target.of(instruments[always], name), null);
      for (const one in byClass) this.add(Target.of(instruments[byClass[one]], name), one);
      this.classes = null; // prototype of a receiver -> target or null, for speed
    }

    /** The target for a receiver, or null: it is not to be recorded. */
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
          if (error instanceof InternalError) throw error; // no stack is left: said of no class
          found = null;
        }
        if (this.classes.size > 1000) this.classes.clear();
        this.classes.set(prototype, found);
      }
      return found;
    }
  }

  return class Plan {
    // What a property is, as bits of a number; above them the length of a method.
    static GET = 1;
    static SET = 2;
    static METHOD = 4;
    static PLAIN = 8; // defined as the browser defines most methods
    static LENGTH = 4;

    static known = new Map(); // text -> plan

    /** The plan of a window: as other windows of its kind have shared it, else as it is found. */
    static of(link, window, hooked) {
      let { plan: text } = link;
      if (!text) link.planned((text = PlanBuilder.of(window, hooked)));
      let plan = Plan.known.get(text.rest);
      if (!plan) Plan.known.set(text.rest, (plan = new Plan(text)));
      return plan;
    }

    constructor({ places, rest }) {
      this.text = places; // what a window's own side is told
      this.places = parse(places); // of each owner: [names on the way to it, steps up from there, names of its own]
      const { shapes, twins, classes, targets } = parse(rest);
      this.shapes = shapes; // of each name, those of all owners in a row
      this.twins = twins; // number of a name -> other names of the same method
      this.classes = classes; // of each owner
      this.targets = targets;
      this.members = []; // those that have been read
    }

    /** The member of a name, by its number. */
    read(i) {
      if (typeof this.targets === "string") {
        this.names = this.places.flatMap(([, , names]) => names);
        this.targets = parse(this.targets); // last: a page that has left no stack ends this anywhere
      }
      return (this.members[i] = new Member(this.names[i], this.targets[i]));
    }
  };
})();
