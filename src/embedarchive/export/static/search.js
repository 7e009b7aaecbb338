// Looks up what was typed in search-index.js: words, a handle, an id, the address of a post or of an article.
"use strict";

const MOST = 60;
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const asked = (new URLSearchParams(location.search).get("q") ?? "").trim();
const index = window.EMBEDARCHIVE_INDEX ?? [];

const address = asked.match(/https?:\/\/[^\s"'<>]+/)?.[0]; // also out of pasted embed code
const parts = address && new URL(address).pathname.split("/").filter(Boolean);
const plain = (url) => url.replace(/^https?:\/\/(www\.)?/, "").replace(/[?#].*$/, "").replace(/\/$/, "");

function matches(entry) {
  if (parts) {
    return (entry.id && parts.includes(entry.id.split("/").at(-1))) || (entry.url && plain(entry.url) === plain(address));
  }
  if (entry.id === asked || entry.key === asked) return true;
  entry.folded ??= fold([entry.name, entry.handle, entry.text, entry.outlet].filter(Boolean).join(" "));
  return fold(asked.replace(/^@/, "")).split(/\s+/).every((word) => entry.folded.includes(word));
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function row(entry) {
  const item = element("li", "article-row");
  const heading = element("h2");
  const link = element("a", "", entry.name);
  link.href = entry.to;
  heading.dir = "auto";
  heading.append(link);
  if (entry.handle) heading.append(" ", element("span", "soft", `@${entry.handle}`));
  item.append(heading);
  if (entry.text) {
    const text = element("p", "row-text", entry.text);
    text.dir = "auto";
    item.append(text);
  }
  item.append(element("p", "soft", entry.status ?? entry.outlet));
  return item;
}

if (asked) {
  const found = index.filter(matches);
  document.title = `${asked} · ${document.title}`;
  document.getElementById("found").textContent =
    found.length === 0 ? "Not in this archive" : found.length === 1 ? "1 result" : `${found.length} results`;
  document.getElementById("results").append(...found.slice(0, MOST).map(row));
  for (const input of document.querySelectorAll("input[name=q]")) input.value = asked;
}
