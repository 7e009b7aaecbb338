// The reading room works without this. It adds: copy buttons, folded ways to choose on phones, keys and buttons for slides, dates in the reader's own time zone,
// and pictures that are dropped on the page or pasted into it.
"use strict";

for (const area of document.querySelectorAll("textarea[readonly], .command code")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(area.value ?? area.textContent);
      button.textContent = "Copied";
    } catch {
      if (area.select) area.select();
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  const label = area.id && document.querySelector(`label[for="${area.id}"]`);
  if (label) label.after(button); else area.after(button);
}

// On a phone the posts come before the ways to choose among them.
if (matchMedia("(max-width: 44rem)").matches) {
  for (const facet of document.querySelectorAll(".facet[open]")) facet.open = false;
}

for (const strip of document.querySelectorAll(".slides[tabindex]")) {
  const move = (way) => strip.scrollBy({ left: way * strip.clientWidth });
  const controls = document.createElement("div");
  controls.className = "slide-keys";
  for (const [way, label, sign] of [[-1, "Previous slide", "‹"], [1, "Next slide", "›"]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => move(way));
    controls.append(button);
  }
  strip.nextElementSibling.append(controls);
}

for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (!Number.isNaN(moment.valueOf())) time.title += `\n${moment.toLocaleString()} where you are`;
}

// A picture may be dropped anywhere and pasted anywhere, also on pages whose box has no place to choose one.
const makePictureForm = (action) => {
  const form = document.createElement("form");
  Object.assign(form, { action, method: "post", enctype: "multipart/form-data", hidden: true });
  form.append(Object.assign(document.createElement("input"), { type: "file", name: "picture" }));
  document.body.append(form);
  return form;
};

const box = document.querySelector(".ask[data-pictures]");
if (box) {
  const pictures = document.querySelector(".ask-picture") ?? makePictureForm(box.action);
  const input = pictures.querySelector("input[type=file]");
  const send = (files) => {
    if (!files.length) return false;
    input.files = files;
    pictures.requestSubmit();
    return true;
  };
  pictures.classList.add("live");
  input.addEventListener("change", () => send(input.files));
  document.addEventListener("paste", (event) => { if (send(event.clipboardData.files)) event.preventDefault(); });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.toggle("over", kind === "dragover");
      if (kind === "drop") send(event.dataTransfer.files);
    });
  }
}
