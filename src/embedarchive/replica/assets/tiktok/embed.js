/* embed.js of the replica's TikTok: the quote keeps its class and gains a frame. */
(function () {
  "use strict";
  Array.prototype.forEach.call(document.querySelectorAll("blockquote.tiktok-embed[data-video-id]"), function (quote) {
    if (quote.querySelector("iframe")) return;
    var frame = document.createElement("iframe");
    frame.name = "__tt_embed__v" + quote.getAttribute("data-video-id");
    frame.src = "https://www.tiktok.com/embed/v2/" + quote.getAttribute("data-video-id") + "?lang=en&referrer=" + encodeURIComponent(location.href);
    frame.style.cssText = "width:100%;height:738px;display:block;visibility:unset;border:0;";
    quote.id = "v" + quote.getAttribute("data-video-id");
    quote.appendChild(frame);
    quote.firstElementChild.style.display = "none";
  });
})();
