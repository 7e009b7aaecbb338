/* embed.js of the replica's Threads: each quote becomes a frame. */
(function () {
  "use strict";
  Array.prototype.forEach.call(document.querySelectorAll("blockquote.text-post-media"), function (quote) {
    var frame = document.createElement("iframe");
    frame.className = "text-post-media-rendered";
    frame.src = quote.getAttribute("data-text-post-permalink").replace(/\/?$/, "/embed/");
    frame.style.cssText = "border:0;width:100%;max-width:540px;height:640px;";
    quote.parentNode.replaceChild(frame, quote);
  });
})();
