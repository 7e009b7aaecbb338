/* The frame's script of the replica: talks to the loader, and redraws videos and carousels some time after loading. */
var __d = function () {};
(function () {
  "use strict";
  var HYDRATES_AFTER = 800, LATE = 12000;

  function tell(type, details) {
    if (window.parent !== window) window.parent.postMessage(JSON.stringify({ type: type, details: details || {} }), "*");
  }
  function measure() { tell("MEASURE", { height: document.documentElement.scrollHeight }); }
  function mounted() {
    tell("MOUNTED", { styles: [["position", "static"], ["width", "100%"], ["margin", "0 auto 12px"]] });
    measure();
  }

  function element(tag, css, attributes) {
    var node = document.createElement(tag);
    if (css) node.className = css;
    for (var name in attributes || {}) node.setAttribute(name, attributes[name]);
    return node;
  }

  function slide(node) {
    if (!node.video_url) {
      var image = element("img", "x5yr21d xu96u03 x10l6tqk", { alt: node.accessibility_caption || "", src: node.display_url });
      image.srcset = node.display_resources.map(function (r) { return r.src + " " + r.config_width + "w"; }).join(", ");
      return image;
    }
    var box = element("div", "x5yr21d x1uhb9sk xh8yej3");
    box.appendChild(element("video", "x1lliihq x5yr21d xh8yej3", {
      src: node.video_url, poster: node.display_url, playsinline: "", preload: "none"
    }));
    box.appendChild(element("div", "x1qjc9v5 xPlay", { role: "button", "aria-label": "Play" }));
    return box;
  }

  function carousel(content, nodes) {
    var at = 0, view = element("div", "x1qjc9v5 x972fbf xcfux6l"), list = element("ul", "_acay x78zum5");
    var previous = element("button", "_afxv _al46", { "aria-label": "Go back", tabindex: "-1" });
    var forward = element("button", "_afxw _al46", { "aria-label": "Next", tabindex: "-1" });
    var dots = element("div", "_acnb");
    function draw() {
      list.textContent = "";
      // Like the platform, only the neighbours of the slide on show are in the document.
      for (var i = Math.max(0, at - 1); i <= Math.min(nodes.length - 1, at + 1); i++) {
        var item = element("li", "_acaz", { style: "transform: translateX(" + (i - at) * 100 + "%);" });
        item.appendChild(slide(nodes[i]));
        list.appendChild(item);
      }
      previous.style.display = at ? "" : "none";
      forward.style.display = at < nodes.length - 1 ? "" : "none";
      dots.textContent = "";
      nodes.forEach(function (_, i) { dots.appendChild(element("div", "_acnf" + (i === at ? " _acng" : ""))); });
    }
    previous.onclick = function () { at--; draw(); };
    forward.onclick = function () { at++; draw(); };
    [list, previous, forward, dots].forEach(function (node) { view.appendChild(node); });
    content.appendChild(view);
    draw();
  }

  function hydrate(props) {
    var media = JSON.parse(props.contextJSON).gql_data.shortcode_media;
    var content = document.querySelector(".Content");
    if (!content || JSON.parse(props.contextJSON).context.copyright_blocked) return;
    var children = (media.edge_sidecar_to_children || { edges: [] }).edges.map(function (e) { return e.node; });
    content.textContent = "";
    if (children.length) carousel(content, children);
    else {
      var view = element("div", "x1qjc9v5 x972fbf xcfux6l");
      view.appendChild(slide(media));
      content.appendChild(view);
    }
    measure();
  }

  function start(props) {
    var manner = document.body.getAttribute("data-mounted");
    tell("LOADING");
    if (manner !== "silent") {
      document.fonts.ready.then(function () { setTimeout(mounted, manner === "late" ? LATE : 30); });
      window.addEventListener("load", measure);
      window.addEventListener("resize", measure);
    }
    if (props.isRichEmbed && props.contextJSON) setTimeout(function () { hydrate(props); }, HYDRATES_AFTER);
  }

  function ServerJS() {}
  ServerJS.prototype.handle = function (data) {
    data.require.forEach(function (call) {
      if (call[0] === "PolarisEmbedSimple") start(call[3][0]);
      if (call[0] === "DeferredCookie") document.cookie = call[3][0] + "=" + call[3][1] + "; path=/; secure";
    });
  };
  var modules = { ServerJS: ServerJS, HasteSupportData: { handle: function () {} } };
  window.requireLazy = function (names, ready) { ready.apply(null, names.map(function (n) { return modules[n]; })); };
  document.documentElement.className = "";
})();
