/* embed.js of the replica's Mastodon: each quote becomes a frame, whose height is asked for by message. */
(function () {
  "use strict";
  var frames = {}, count = 0;
  Array.prototype.forEach.call(document.querySelectorAll("blockquote.mastodon-embed[data-embed-url]"), function (quote) {
    var frame = document.createElement("iframe"), id = ++count;
    frame.className = "mastodon-embed";
    frame.src = quote.getAttribute("data-embed-url");
    frame.style.cssText = "width:100%;max-width:540px;height:160px;border:0;";
    frame.onload = function () { frame.contentWindow.postMessage({ type: "setHeight", id: id }, "*"); };
    frames[id] = frame;
    quote.parentNode.replaceChild(frame, quote);
  });
  window.addEventListener("message", function (event) {
    var data = event.data || {};
    if (data.type === "setHeight" && frames[data.id] && frames[data.id].contentWindow === event.source) frames[data.id].style.height = data.height + "px";
  });
})();
