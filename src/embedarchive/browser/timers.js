// In the page's own world, while it is scrolled through: which timers its scripts set, up to the longest that is waited for.
({
  key: Symbol.for("embedarchive.timers"),

  watch({ longest }) {
    const set = window.setTimeout, clear = window.clearTimeout, due = new Set();
    window.setTimeout = function (run, ms = 0, ...rest) {
      if (typeof run !== "function" || !(ms <= longest)) return set.call(window, run, ms, ...rest);
      const id = set.call(window, function (...given) { due.delete(id); return run.apply(window, given); }, ms, ...rest);
      due.add(id);
      return id;
    };
    window.clearTimeout = (id) => { due.delete(id); clear.call(window, id); };
    window[this.key] = { set, clear, due };
  },

  // Wait for those set until now: one that sets itself anew would never end.
  async end({ deadline }) {
    const { set, clear, due } = window[this.key] || {};
    if (!due) return;
    Object.assign(window, { setTimeout: set, clearTimeout: clear });
    delete window[this.key];
    const waited = [...due], until = performance.now() + deadline;
    while (waited.some((id) => due.has(id)) && performance.now() < until) await new Promise((done) => set.call(window, done, 50));
  },
})
