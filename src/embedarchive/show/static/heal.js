// For a live article: <script src="https://YOUR-ARCHIVE/-/embedarchive/heal.js" defer></script>
// Puts the preserved card where an embed's post is confirmed lost, and touches nothing else.
"use strict";

(() => {
  const archive = new URL(document.currentScript.src);
  const ask = (url) => new URL(`oembed?url=${encodeURIComponent(url)}`, archive);
  const address = (embed) =>
    embed.dataset.instgrmPermalink || embed.getAttribute("cite") || embed.src || [...embed.querySelectorAll("a[href]")].pop()?.href;

  const heal = async (embed) => {
    const url = address(embed);
    if (!url || !/^https?:/.test(url) || url.startsWith(archive.origin)) return;
    const answer = await fetch(ask(url), { credentials: "omit" });
    if (!answer.ok) return;
    const post = await answer.json();
    if (post.status !== "gone" || !post.preserved) return;
    const frame = document.createElement("iframe");
    Object.assign(frame, { src: post.card_url, width: post.width, height: post.height, title: post.title, loading: "lazy" });
    frame.sandbox = "allow-popups allow-popups-to-escape-sandbox";
    frame.style.cssText = "border: 0; max-width: 100%";
    embed.replaceWith(frame);
  };

  for (const embed of document.querySelectorAll("blockquote, iframe[src]")) heal(embed).catch(() => {});
})();
