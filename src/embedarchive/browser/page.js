// Runs in the visited page, in a world of its own: the page's scripts can neither see nor change it.
// Every function takes data and gives data; deadlines are milliseconds; nothing sleeps, everything waits for a sign.
({
  // All that a post needs, in one call. `accept` is a state to go on with although it is neither card nor dead; `mute` leaves
  // out what the page is written as.
  async look({ card, dead, pending, moves, quiet, settle, rest, accept, mute }) {
    const began = performance.now();
    const state = accept || (await this.settle({ card, dead, quiet, deadline: settle }));
    const known = state === "card" || state === "dead";
    if (!known && !accept) return { state };
    if (!document.documentElement) return this.empty({ state, began });
    const settled = performance.now(), shown = state === "dead" ? dead : card;
    const acted = await this.act({ moves: state === "card" ? moves : [] });
    const rested = await this.rest({ card: shown, pending, deadline: known ? rest : 1000 });
    const timings = { settle_ms: Math.round(settled - began), rest_ms: Math.round(performance.now() - settled) };
    return { state, timings, ...acted, ...rested, ...this.measure({ card: shown, mute }) };
  },

  // What there is to see of a document that broke off before its first element: nothing, which is an answer as well.
  empty({ state, began }) {
    const timings = { settle_ms: Math.round(performance.now() - began), rest_ms: 0 };
    return { state, timings, done: [], unmet: [], late: ["stillness"], eager: 0, broken: [], ...this.measure({ card: "html" }) };
  },

  // Wait for the post's card, for a sign that there is none, or until nothing happens any more.
  async settle({ card, dead, quiet, deadline }) {
    const state = () => {
      if (document.readyState === "loading" || !document.body) return "";
      if (document.querySelector(card)) return "card";
      return dead && document.querySelector(dead) ? "dead" : "";
    };
    return await this.changes(deadline, () => state(), quiet, () => (document.readyState === "complete" ? "strange" : ""));
  },

  // Call `test` whenever the page changes until it gives something. When nothing has changed for `quiet`, ask `calm` too.
  changes(deadline, test, quiet, calm) {
    return new Promise((resolve) => {
      let timer = 0;
      const watcher = new MutationObserver(() => look());
      const loads = new PerformanceObserver(() => look());
      const end = (value) => {
        watcher.disconnect(); loads.disconnect(); clearTimeout(timer); clearTimeout(last);
        document.removeEventListener("readystatechange", look);
        resolve(value);
      };
      const last = setTimeout(() => end(test() || "late"), deadline);
      const look = () => {
        const found = test();
        if (found) return end(found);
        clearTimeout(timer);
        if (quiet) timer = setTimeout(() => { const still = calm(); still ? end(still) : look(); }, quiet);
      };
      watcher.observe(document, { subtree: true, childList: true, attributes: true });
      loads.observe({ type: "resource" });
      document.addEventListener("readystatechange", look);
      look();
    });
  },

  // Do what the platform's moves say. Gives what was done, and what was waited for in vain.
  async act({ moves }) {
    const done = [], unmet = [];
    const says = (text) => [...document.scripts].some((script) => script.textContent.includes(text));
    for (const move of moves.filter((each) => !each.when || says(each.when))) {
      for (let time = 0; time < move.times; time++) {
        const nodes = [...document.querySelectorAll(move.css || "html")];
        if (!nodes.length) break;
        if (move.until && document.querySelector(move.until)) break;
        if (move.do === "click") nodes[0].click();
        if (move.do === "scroll") nodes[0].scrollIntoView({ behavior: "instant", block: "center" });
        if (move.do === "remove") nodes.forEach((node) => node.remove());
        if (move.do !== "wait") done.push(`${move.do} ${move.css}` + (nodes.length > 1 ? ` (${nodes.length})` : ""));
        if (!move.until) continue;
        const met = await this.changes(move.ms, () => (document.querySelector(move.until) ? "met" : ""));
        if (met !== "met") unmet.push(`${move.until} did not come within ${move.ms} ms`);
      }
    }
    return { done, unmet };
  },

  // Wait until the card is all there: nothing pending, pictures decoded, fonts loaded, the box still for two frames.
  async rest({ card, pending, deadline }) {
    const late = [], until = performance.now() + deadline;
    const left = () => Math.max(0, until - performance.now());
    const box = () => document.querySelector(card) || document.documentElement;
    const limit = (work, what) => {
      let timer;
      const alarm = new Promise((resolve) => { timer = setTimeout(() => { late.push(what); resolve(); }, left()); });
      return Promise.race([work, alarm]).finally(() => clearTimeout(timer));
    };
    if (pending) await limit(this.changes(left(), () => (document.querySelector(pending) ? "" : "gone")), "pending");
    if (document.readyState !== "complete")
      await limit(new Promise((done) => addEventListener("load", done, { once: true })), "load");
    const pictures = [...box().querySelectorAll("img")].filter((image) => image.currentSrc || image.src);
    const lazy = pictures.filter((image) => image.loading === "lazy");
    for (const image of lazy) image.loading = "eager";
    const seen = pictures.filter((image) => image.getClientRects().length);
    await limit(Promise.allSettled(seen.map((image) => image.decode())), "pictures");
    await limit(this.loaded(this.drawn(box()), left() + 1000), "posters");
    await limit(document.fonts.ready, "fonts");
    await limit(this.still(box), "stillness");
    return { late, eager: lazy.length, broken: seen.filter((i) => !i.naturalWidth).map((i) => i.currentSrc || i.src) };
  },

  // Addresses of what is drawn without an <img>: posters of videos, backgrounds.
  drawn(box) {
    const found = new Set();
    for (const video of box.querySelectorAll("video[poster]")) found.add(video.poster);
    for (const node of [...box.querySelectorAll("*")].slice(0, 400)) {
      const match = /^url\("(https?:.*)"\)$/.exec(getComputedStyle(node).backgroundImage);
      if (match) found.add(match[1]);
    }
    return [...found];
  },

  // Wait until each address has been fetched by the page, well or badly.
  loaded(addresses, deadline) {
    const test = () => (addresses.every((a) => performance.getEntriesByName(a).length) ? "all" : "");
    return addresses.length ? this.changes(deadline, test) : null;
  },

  // Wait until the box has kept its place and size over two frames.
  async still(box) {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const place = () => { const r = box().getBoundingClientRect(); return [r.x, r.y, r.width, r.height].join(); };
    for (let last = place(), same = 0; same < 2; ) {
      await frame();
      const now = place();
      same = now === last ? same + 1 : 0;
      last = now;
    }
  },

  // Say where the card is and what the page is now.
  measure({ card, mute }) {
    const node = document.querySelector(card), root = document.scrollingElement || document.documentElement;
    const r = node && node.getBoundingClientRect();
    const found = Boolean(r && r.width > 1 && r.height > 1);
    const box = found
      ? { x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: Math.max(r.height, node.scrollHeight) }
      : { x: 0, y: 0, width: innerWidth, height: Math.max(innerHeight, root ? root.scrollHeight : 0) };
    const kind = document.doctype ? new XMLSerializer().serializeToString(document.doctype) + "\n" : "";
    return { found, box, url: location.href, dom: mute ? "" : kind + (document.documentElement?.outerHTML ?? "") };
  },
})
