/* widgets.js of the replica: turns each quote into a frame and follows its height. */
(function () {
  "use strict";
  var STATUS = /\/status(?:es)?\/(\d+)/, count = 0;
  function load() {
    var quotes = document.querySelectorAll("blockquote.twitter-tweet, blockquote.twitter-video");
    Array.prototype.forEach.call(quotes, function (quote) {
      var links = quote.querySelectorAll("a[href]"), id = null;
      Array.prototype.forEach.call(links, function (link) { var m = STATUS.exec(link.href); if (m) id = m[1]; });
      if (!id) return;
      var number = count++, box = document.createElement("div"), frame = document.createElement("iframe");
      box.className = "twitter-tweet twitter-tweet-rendered";
      box.style.cssText = "display:flex;max-width:550px;width:100%;margin:10px 0;";
      frame.id = "twitter-widget-" + number;
      frame.src = "https://platform.twitter.com/embed/Tweet.html?dnt=true&embedId=" + frame.id + "&frame=false&id=" + id + "&theme=light&width=550px";
      frame.setAttribute("data-tweet-id", id);
      frame.setAttribute("scrolling", "no");
      frame.style.cssText = "width:550px;height:220px;border:0;display:block;flex-grow:1;visibility:visible;";
      box.appendChild(frame);
      quote.parentNode.replaceChild(box, quote);
    });
  }
  window.addEventListener("message", function (event) {
    var call = event.data && event.data["twttr.embed"];
    if (!call || call.method !== "twttr.private.resize") return;
    Array.prototype.forEach.call(document.querySelectorAll("iframe[data-tweet-id]"), function (frame) {
      if (frame.contentWindow === event.source) frame.style.height = call.params[0].height + "px";
    });
  });
  window.twttr = { widgets: { load: load } };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", load); else load();
})();
