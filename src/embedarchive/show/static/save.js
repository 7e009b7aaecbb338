// The save button: writes down the page that a reader has open, and posts it to the reading room in a new window.
// It runs in that page, and so knows nothing that the page may not know: where the room is, and the room's token.
(() => {
  const room = "ROOM", token = "TOKEN", most = MOST;
  const inside = (frame) => {
    try {
      return frame.contentDocument && frame.contentDocument.documentElement;
    } catch {
      return null;
    }
  };
  // The copy lives in a document without a window, where nothing loads and no script runs.
  const write = (root, depth) => {
    const copy = document.implementation.createHTMLDocument("").importNode(root, true);
    fill(root, copy, depth);
    return copy.outerHTML;
  };
  // What a copy leaves out is put in: shadow roots, frames of the same origin. What the reader typed is left out, and
  // what lets forms of the page act for the reader.
  const fill = (node, copy, depth) => {
    const copies = [copy, ...copy.querySelectorAll("*")];
    [node, ...node.querySelectorAll("*")].forEach((each, n) => {
      if (each.localName === "input") copies[n].removeAttribute("value");
      if (each.matches("meta[name*=csrf i], meta[name*=token i]")) copies[n].removeAttribute("content");
      if (each.localName === "textarea") copies[n].textContent = "";
      if (each.shadowRoot) copies[n].prepend(declare(each.shadowRoot, copies[n].ownerDocument, depth));
      const inner = depth < 3 && /^i?frame$/.test(each.localName) ? inside(each) : null;
      if (inner) copies[n].setAttribute("srcdoc", write(inner, depth + 1));
    });
  };
  const declare = (root, inert, depth) => {
    const template = inert.createElement("template");
    template.setAttribute("shadowrootmode", "open");
    for (const child of root.childNodes) {
      const copy = inert.importNode(child, true);
      if (child.nodeType === 1) fill(child, copy, depth);
      template.content.append(copy);
    }
    return template;
  };
  const cookies = () => {
    try {
      return document.cookie.split(";").map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
    } catch {
      return [];
    }
  };
  const whole = "<!doctype html>\n" + write(document.documentElement, 0);
  const secrets = cookies().filter((value) => value.length > 15);
  const page = secrets.reduce((text, value) => text.replaceAll(value, "[redacted]"), whole);
  if (new Blob([page]).size > most)
    return alert("embedarchive: this page is too large to be handed in. Save it as a file, and give that to embedarchive crawl.");
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: room, enctype: "multipart/form-data", acceptCharset: "utf-8", target: "_blank" });
  form.setAttribute("rel", "noopener");
  for (const [name, value] of Object.entries({ token, url: location.href, type: document.contentType, page })) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  // The room wants to know by the browser, too, which site a page is of; some sites tell nobody.
  const policy = document.createElement("meta");
  Object.assign(policy, { name: "referrer", content: "origin" });
  const forbidden = (event) =>
    event.effectiveDirective === "form-action" &&
    alert("embedarchive: this site does not let its pages be handed on. Save the page as a file, and give that to embedarchive crawl.");
  document.addEventListener("securitypolicyviolation", forbidden);
  setTimeout(() => document.removeEventListener("securitypolicyviolation", forbidden), 2000);
  (document.head || document.documentElement).append(policy);
  document.documentElement.append(form);
  HTMLFormElement.prototype.submit.call(form);
  form.remove();
  policy.remove();
})();
