/* embed.js of the replica's Bluesky: each quote becomes a frame that tells its height. */
(function () {
  "use strict";
  var count = 0;
  Array.prototype.forEach.call(document.querySelectorAll("[data-bluesky-uri]"), function (quote) {
    var id = String(count++), frame = document.createElement("iframe"), box = document.createElement("div");
    frame.setAttribute("data-bluesky-id", id);
    frame.src = "https://embed.bsky.app/embed/" + quote.getAttribute("data-bluesky-uri").slice(5) + "?id=" + id;
    frame.style.cssText = "border:none;display:block;width:100%;max-width:600px;height:200px;";
    frame.scrolling = "no";
    box.className = "bluesky-embed";
    box.appendChild(frame);
    quote.parentNode.replaceChild(box, quote);
  });
  window.addEventListener("message", function (event) {
    if (event.origin !== "https://embed.bsky.app" || !event.data || !event.data.id) return;
    var frame = document.querySelector('[data-bluesky-id="' + event.data.id + '"]');
    if (frame && event.data.height) frame.style.height = event.data.height + "px";
  });
})();
