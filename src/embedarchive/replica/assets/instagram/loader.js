/* embed.js of the replica: our own script, obeying the observed protocol of the platform's loader. */
(function () {
  "use strict";
  if (window.instgrm && window.instgrm.Embeds) { window.instgrm.Embeds.process(); return; }
  var AT_ONCE = 3, PATIENCE = 10000;
  var POST = /^https?:\/\/(?:[\w-]+\.)*(?:instagram\.com|instagr\.am)(\/(?:[\w.]+\/)?p\/[\w-]+)\/?/;
  var ORIGIN = /^https?:\/\/([\w-]+\.)*(instagram\.com|instagr\.am)$/;
  var waiting = [], pending = {}, frames = {}, count = 0;

  function permalink(quote) {
    var given = quote.getAttribute("data-instgrm-permalink");
    if (given) return given;
    var links = quote.getElementsByTagName("a"), found = null;
    for (var i = 0; i < links.length; i++) if (POST.test(links[i].href)) found = links[i].href;
    return found;
  }

  function address(quote, number) {
    var url = permalink(quote);
    if (!url) return null;
    url = url.replace(/[?#].*$/, "").replace(/^http:/, "https:").replace(/\/?$/, "/") + "embed/";
    if (quote.hasAttribute("data-instgrm-captioned")) url += "captioned/";
    var query = "?cr=1", version = quote.getAttribute("data-instgrm-version");
    if (version) query += "&v=" + encodeURIComponent(version);
    var width = Math.round(quote.clientWidth * (window.devicePixelRatio || 1));
    if (width) query += "&wp=" + width;
    query += "&rd=" + encodeURIComponent(location.origin);
    var path = (location.pathname + location.search).slice(0, 200);
    if (path) query += "&rp=" + encodeURIComponent(path);
    var now = performance.now(), state = { ci: number, os: now, ls: now, le: now };
    return url + query + "#" + encodeURIComponent(JSON.stringify(state));
  }

  function mount(quote) {
    var number = count++, url = address(quote, number);
    if (!url) return false;
    var frame = document.createElement("iframe"), id = "instagram-embed-" + number;
    frame.id = id;
    frame.className = quote.className;
    frame.setAttribute("allowtransparency", "true");
    frame.setAttribute("allowfullscreen", "true");
    frame.setAttribute("frameborder", "0");
    frame.setAttribute("height", "0");
    frame.setAttribute("scrolling", "no");
    frame.setAttribute("data-instgrm-payload-id", quote.id || "instagram-media-payload-" + number);
    frame.setAttribute("style", "background-color: white; border-radius: 3px; border: 1px solid rgb(219, 219, 219); " +
      "box-shadow: none; display: block; margin: 0px 0px 12px; min-width: 326px; padding: 0px; position: absolute; width: calc(100% - 2px);");
    frame.src = url;
    quote.className = quote.className.replace(/\binstagram-media\b/, "") + " instagram-media-registered";
    quote.parentNode.insertBefore(frame, quote);
    frames[id] = { frame: frame, quote: quote };
    pending[id] = setTimeout(function () { settle(id); }, PATIENCE);
    return true;
  }

  function settle(id) {
    if (!(id in pending)) return;
    clearTimeout(pending[id]);
    delete pending[id];
    next();
  }

  function next() {
    while (waiting.length && Object.keys(pending).length < AT_ONCE) mount(waiting.shift());
  }

  function process() {
    var quotes = document.getElementsByClassName("instagram-media");
    for (var i = 0; i < quotes.length; i++) {
      var quote = quotes[i];
      if (quote.tagName === "BLOCKQUOTE" && waiting.indexOf(quote) < 0 && permalink(quote)) waiting.push(quote);
    }
    next();
  }

  window.addEventListener("message", function (event) {
    if (!ORIGIN.test(event.origin) || typeof event.data !== "string") return;
    var message, id;
    try { message = JSON.parse(event.data); } catch (error) { return; }
    for (var key in frames) if (frames[key].frame.contentWindow === event.source) id = key;
    if (!id) return;
    var entry = frames[id], details = message.details || {};
    if (message.type === "MOUNTED") {
      (details.styles || []).forEach(function (pair) { entry.frame.style[pair[0]] = pair[1]; });
      entry.frame.className += " instagram-media-rendered";
      if (entry.quote.parentNode) entry.quote.parentNode.removeChild(entry.quote);
      if (window.__igEmbedLoaded) window.__igEmbedLoaded({ frameId: id, stats: {} });
      settle(id);
    } else if (message.type === "MEASURE") {
      entry.frame.setAttribute("height", details.height);
    }
  });

  window.instgrm = { Embeds: { process: process } };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", process);
  else process();
})();
