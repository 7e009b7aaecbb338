/* widgets.js of the replica's Reddit: each quote becomes a frame that tells its height. */
(function () {
  "use strict";
  Array.prototype.forEach.call(document.querySelectorAll("blockquote.reddit-embed-bq"), function (quote) {
    var link = quote.querySelector("a[href*='/comments/']"), frame = document.createElement("iframe");
    frame.src = "https://embed.reddit.com" + new URL(link.href).pathname + "?embed=true&ref_source=embed&ref=share";
    frame.className = "reddit-embed";
    frame.style.cssText = "width:100%;max-width:640px;border:0;display:block;height:" + quote.getAttribute("data-embed-height") + "px";
    quote.parentNode.replaceChild(frame, quote);
    window.addEventListener("message", function (event) {
      if (event.source !== frame.contentWindow) return;
      try { var data = JSON.parse(event.data); if (data.type === "resize.embed") frame.style.height = data.data + "px"; } catch (error) { /* not ours */ }
    });
  });
})();
