/* telegram-widget.js of the replica: puts a frame where its own script element stands. */
(function () {
  "use strict";
  var script = document.currentScript || document.querySelector("script[data-telegram-post]:not([data-done])");
  if (!script) return;
  script.setAttribute("data-done", "");
  var post = script.getAttribute("data-telegram-post"), frame = document.createElement("iframe");
  frame.id = "telegram-post-" + post.replace(/[^a-z0-9_]/gi, "-");
  frame.src = "https://t.me/" + post + "?embed=1&mode=tme";
  frame.style.cssText = "overflow:hidden;border:none;min-width:320px;width:100%;height:120px;color-scheme:light;";
  script.parentNode.insertBefore(frame, script);
  window.addEventListener("message", function (event) {
    if (event.source !== frame.contentWindow) return;
    try { var data = JSON.parse(event.data); if (data.event === "resize") frame.style.height = data.height + "px"; } catch (error) { /* not ours */ }
  });
})();
