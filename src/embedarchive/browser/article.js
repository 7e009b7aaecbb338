// Added to page.js for articles: whole pages with embeds in them, in shadow roots and in frames of the same origin.
({
  // Every document and open shadow root that can be looked into, outermost first.
  *roots(root = document, depth = 0) {
    yield root;
    for (const node of depth < 6 ? root.querySelectorAll("*") : []) {
      if (node.shadowRoot) yield* this.roots(node.shadowRoot, depth + 1);
      const inner = this.inside(node);
      if (inner) yield* this.roots(inner, depth + 1);
    }
  },

  // The document of a frame of the same origin, if there is anything in it.
  inside(node) {
    if (node.localName !== "iframe" && node.localName !== "frame") return null;
    try { return node.contentDocument?.body?.firstChild ? node.contentDocument : null; } catch { return null; }
  },

  // The element around a node, out of shadow roots and of frames too.
  around(node) {
    const root = node.getRootNode();
    return node.assignedSlot || node.parentElement || root.host || root.defaultView?.frameElement || null;
  },

  within(node, outer) {
    while (node && node !== outer) node = this.around(node);
    return Boolean(node);
  },

  // The element that is seen at a point of the window, also in a shadow root.
  seen(x, y) {
    let node = document.elementFromPoint(x, y);
    for (let inner = node; inner?.shadowRoot; node = inner || node) {
      const next = inner.shadowRoot.elementFromPoint(x, y);
      if (!next || next === inner) break;
      inner = next; node = next;
    }
    return node;
  },

  name(node) {
    const css = [...node.classList].slice(0, 2).map((word) => "." + word).join("");
    return (node.localName + (node.id ? "#" + node.id : "") + css).slice(0, 80);
  },

  // Wait until the document is complete and nothing has changed for a while.
  calm({ quiet, deadline }) {
    return this.changes(deadline, () => "", quiet, () => (document.readyState === "complete" ? "calm" : ""));
  },

  // Open what is closed, take away what lies over the page, let it scroll. Gives what was done.
  unblur() {
    const done = [];
    let opened = 0;
    for (const root of this.roots())
      for (const details of root.querySelectorAll("details:not([open])")) { details.open = true; opened++; }
    if (opened) done.push(`opened ${opened} closed details`);
    for (let time = 0, blur; time < 9 && (blur = this.blur()); time++) {
      done.push(`removed ${this.name(blur)}, which lay over the page`);
      blur.remove();
    }
    for (const node of [document.documentElement, document.body]) {
      const style = getComputedStyle(node);
      if (!/hidden|clip/.test(style.overflowY) && style.position !== "fixed") continue;
      if (document.body.scrollHeight <= innerHeight) continue;
      node.style.setProperty("overflow", "visible", "important");
      if (style.position === "fixed") node.style.setProperty("position", "static", "important");
      done.push(`let ${node.localName} scroll`);
    }
    return done;
  },

  // A layer fixed to the window, in front, that covers half of it or is a dialog, and does not hold the article itself.
  blur() {
    const dialog = "dialog, [role=dialog], [role=alertdialog], [aria-modal=true]";
    for (let n = 0; n < 25; n++) {
      const start = this.seen(innerWidth * (0.1 + 0.2 * (n % 5)), innerHeight * (0.1 + 0.2 * Math.floor(n / 5)));
      for (let node = start; node && node !== document.body && node !== document.documentElement; node = this.around(node)) {
        const style = getComputedStyle(node), modal = node.matches("dialog:modal, :popover-open");
        if (!modal && !(style.position === "fixed" && Number(style.zIndex) > 0)) continue;
        const r = node.getBoundingClientRect();
        const width = Math.min(r.right, innerWidth) - Math.max(r.left, 0), height = Math.min(r.bottom, innerHeight) - Math.max(r.top, 0);
        const asks = modal || node.matches(dialog) || node.querySelector(dialog);
        if ((asks || width * height > 0.5 * innerWidth * innerHeight) && !this.holdsArticle(node)) return node;
      }
    }
    return null;
  },

  holdsArticle(node) {
    if (node.matches("article, main, [role=main]") || node.querySelector("article, main, [role=main]")) return true;
    return 3 * node.querySelectorAll("*").length > 2 * document.body.querySelectorAll("*").length;
  },

  // Scroll to the end step by step, each time until the page is quiet. A page that grows without end, or turns into
  // the next article, is left where it does.
  async descend({ step_ms, deadline }) {
    const until = performance.now() + deadline, address = location.pathname, page = this.scroller();
    const reach = Math.max(2 * page.scrollHeight, page.scrollHeight + 10 * innerHeight);
    let stopped = "";
    for (let y = 0; !stopped; y += Math.round(0.8 * page.clientHeight)) {
      page.scrollTo({ top: y, behavior: "instant" });
      await this.changes(step_ms, () => "", 90, () => "calm");
      if (page.scrollTop + page.clientHeight >= page.scrollHeight - 2) break;
      if (location.pathname !== address) stopped = "it turned into another page";
      else if (y > reach) stopped = "it grew without end";
      else if (performance.now() > until) stopped = "time was up";
    }
    // Two frames: observers of the last place are told of it with the next.
    for (let frame = 0; frame < 2; frame++) await new Promise((done) => requestAnimationFrame(done));
    return stopped;
  },

  ascend() {
    this.scroller().scrollTo({ top: 0, behavior: "instant" });
  },

  // What scrolls: the window, else the largest element that does.
  scroller() {
    const root = document.scrollingElement || document.documentElement;
    if (root.scrollHeight > innerHeight + 1) return root;
    const scrolls = (node) => node.scrollHeight > node.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(node).overflowY);
    const large = [...document.body.querySelectorAll("*")].filter((node) => 2 * node.clientHeight > innerHeight && scrolls(node));
    return large.sort((a, b) => b.scrollHeight - a.scrollHeight)[0] || root;
  },

  // Write the page as one text.
  serialise({ longest }) {
    const kind = document.doctype ? new XMLSerializer().serializeToString(document.doctype) + "\n" : "";
    const dom = kind + this.write(document, 0);
    return { url: location.href, dom: dom.slice(0, longest), cut: dom.length > longest };
  },

  // The copy lives in a document without a window, where nothing loads and no script runs.
  write(page, depth) {
    const inert = document.implementation.createHTMLDocument(""), copy = inert.importNode(page.documentElement, true);
    this.fill(page.documentElement, copy, depth);
    return copy.outerHTML;
  },

  // Put into a copy what a copy leaves out: shadow roots, and what stands in frames.
  fill(node, copy, depth) {
    const nodes = [node, ...node.querySelectorAll("*")], copies = [copy, ...copy.querySelectorAll("*")];
    nodes.forEach((each, n) => {
      if (each.localName === "noscript") copies[n].innerHTML = each.textContent;
      if (each.shadowRoot) copies[n].prepend(this.declare(each.shadowRoot, copies[n].ownerDocument, depth));
      const inner = depth < 3 ? this.inside(each) : null;
      if (inner) copies[n].setAttribute("srcdoc", this.write(inner, depth + 1));
    });
  },

  // A shadow root as the template that would declare it.
  declare(root, inert, depth) {
    const template = inert.createElement("template");
    template.setAttribute("shadowrootmode", "open");
    for (const child of root.childNodes) {
      const copy = inert.importNode(child, true);
      if (child.nodeType === Node.ELEMENT_NODE) this.fill(child, copy, depth);
      template.content.append(copy);
    }
    return template;
  },

  // Elements that may be an embed as the reader sees it, with enough markup to tell of which post.
  candidates({ most, longest }) {
    const css = "iframe, frame, object, embed, blockquote, figure, [class*=embed i], [id*=embed i]";
    const found = [];
    for (const root of this.roots())
      for (const node of root.querySelectorAll("*"))
        if (found.length < most && (node.localName.includes("-") || node.matches(css)) && !this.inside(node)) found.push(node);
    globalThis.embedarchiveFound = found;
    return found.map((node) => {
      const r = node.getBoundingClientRect();
      return { tag: node.localName, markup: node.outerHTML.slice(0, longest), shown: r.width > 20 && r.height > 20 };
    });
  },

  // Bring one of them into view and wait until its pictures are there and its box has been still for a while.
  async show({ index, still_ms, deadline }) {
    const node = globalThis.embedarchiveFound[index], done = [];
    for (let at = node; at && at !== document.documentElement; at = this.around(at))
      if (getComputedStyle(at).display === "none") {
        at.style.setProperty("display", "block", "important");
        done.push(`showed ${this.name(at)}, which was hidden`);
      }
    node.scrollIntoView({ behavior: "instant", block: node.getBoundingClientRect().height > innerHeight ? "start" : "center" });
    const pictures = [...node.querySelectorAll("img")];
    for (const image of pictures) image.loading = "eager";
    let timer;
    const alarm = new Promise((resolve) => { timer = setTimeout(resolve, deadline); });
    await Promise.race([Promise.allSettled(pictures.map((image) => image.decode())), alarm]);
    await Promise.race([this.steady(node, still_ms), alarm]);
    clearTimeout(timer);
    return done;
  },

  // Wait until a quote has become something else: a widget's script replaces it, or puts a frame into it. Widgets keep a
  // frame beside its quote out of sight until it has loaded, and wait with the next ones; where none is, none will come.
  async become({ index, deadline }) {
    const node = globalThis.embedarchiveFound[index];
    const other = () => !node.isConnected || node.querySelector("iframe")?.offsetHeight > 20;
    const waits = () => [...this.roots()].some((root) =>
      [...root.querySelectorAll("iframe + blockquote")].some((quote) => quote.previousElementSibling.offsetHeight <= 20));
    return await this.changes(deadline, () => (other() ? "other" : waits() ? "" : "same"));
  },

  // Wait until an element has kept its size for so long.
  steady(node, still_ms) {
    return new Promise((resolve) => {
      const end = () => { watcher.disconnect(); resolve(); };
      let timer = setTimeout(end, still_ms);
      const watcher = new ResizeObserver(() => { clearTimeout(timer); timer = setTimeout(end, still_ms); });
      watcher.observe(node);
    });
  },

  // Where one of them is, in the window and in the document, and its markup.
  place({ index }) {
    const node = globalThis.embedarchiveFound[index], r = node.getBoundingClientRect();
    let { x, y } = r;
    for (const frame of this.frames(node)) {
      const outer = frame.getBoundingClientRect();
      x += outer.x + frame.clientLeft;
      y += outer.y + frame.clientTop;
    }
    return { x, y, width: r.width, height: r.height, left: x + scrollX, top: y + scrollY, markup: node.outerHTML };
  },

  // The frames that an element stands in, innermost first.
  frames(node) {
    const found = [];
    for (let view = node.ownerDocument.defaultView; view !== window; view = view.parent) found.push(view.frameElement);
    return found;
  },

  // Hide what is fixed in front of one of them. Gives what was hidden.
  uncover({ index }) {
    const node = globalThis.embedarchiveFound[index], { x, y, width, height } = this.place({ index });
    const hidden = (globalThis.embedarchiveHidden ||= []), frames = this.frames(node), done = [];
    for (let n = 0; n < 49; n++) {
      const hit = this.seen(x + 1 + (width - 2) * (n % 7) / 6, y + 1 + (height - 2) * Math.floor(n / 7) / 6);
      if (!hit || frames.includes(hit) || this.within(hit, node)) continue;
      for (let at = hit; at && at !== document.body && !this.within(node, at); at = this.around(at)) {
        if (!/fixed|sticky/.test(getComputedStyle(at).position)) continue;
        hidden.push([at, at.style.visibility]);
        at.style.setProperty("visibility", "hidden", "important");
        done.push(`hid ${this.name(at)}, which lay over the embed`);
        break;
      }
    }
    return done;
  },

  // Show again what was hidden for one picture.
  restore() {
    for (const [node, visibility] of globalThis.embedarchiveHidden || []) node.style.visibility = visibility;
    globalThis.embedarchiveHidden = [];
  },

  extent() {
    const page = document.scrollingElement || document.documentElement;
    scrollTo({ top: 0, behavior: "instant" });
    return { width: innerWidth, height: Math.max(innerHeight, page.scrollHeight) };
  },
})
