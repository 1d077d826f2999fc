// Comfort only: every page works without it. Live updates, keyboard, countdowns, copy buttons.
"use strict";
(() => {
  const main = () => document.getElementById("main");

  // A page that says data-live asks for itself anew when the ledger changed, unless somebody is
  // in the middle of something on it.
  const busy = () => {
    const at = document.activeElement;
    const typing = at && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) && main().contains(at);
    const marked = getSelection(), marking = marked.type === "Range" && main().contains(marked.anchorNode);
    return typing || marking || main().querySelector("details[open], input:checked:not([data-calm])") !== null;
  };
  // Whoever went to a link or a button by the keyboard finds themselves there again.
  const keep = () => {
    const at = document.activeElement;
    if (!at || at === main() || !main().contains(at)) return () => {};
    const same = ["id", "href", "data-key"].filter((name) => at.hasAttribute(name)).map((name) => `[${name}="${CSS.escape(at.getAttribute(name))}"]`)[0];
    return () => { if (same) main().querySelector(same)?.focus({ preventScroll: true }); };
  };
  let waiting = false;
  const renew = async () => {
    if (busy()) { waiting = true; return; }
    waiting = false;
    const answer = await fetch(location.href, { headers: { "takaza-live": "1" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = fresh.getElementById("main");
    if (!next || busy()) { waiting = next !== null; return; }
    const link = (card) => card?.querySelector("a")?.getAttribute("href");
    const here = link(cards()[position()]);
    const again = keep();
    if (next.innerHTML !== main().innerHTML) { main().innerHTML = next.innerHTML; again(); }
    for (const band of ["closed", "alarm"]) {
      const now = document.querySelector(`.band.${band}`), then = fresh.querySelector(`.band.${band}`);
      if (now && !then) now.remove();
      if (then && now) now.replaceWith(then);
      if (then && !now) main().before(then);
    }
    if (here) mark(cards().findIndex((card) => link(card) === here));
    countdown();
    reveal();
  };
  const listen = () => {
    if (!main().hasAttribute("data-live") || !window.EventSource) return;
    new EventSource("/live?seen=" + main().dataset.seen).addEventListener("moved", () => renew().catch(() => {}));
    const later = () => setTimeout(() => { if (waiting) renew().catch(() => {}); }, 200);
    for (const end of ["focusout", "change", "toggle"]) main().addEventListener(end, later, true);
    document.addEventListener("selectionchange", later);
  };

  // Keys: j and k move along a list, Enter opens, a letter presses what names it.
  const cards = () => [...main().querySelectorAll("[data-keys] > *")];
  const position = () => cards().findIndex((card) => card.classList.contains("here"));
  const mark = (n) => {
    const all = cards();
    all.forEach((card, m) => card.classList.toggle("here", m === n));
    if (all[n]) all[n].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && at && at !== document.body) { at.blur(); return; }
    if (at && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
    const all = cards(), here = position();
    if (event.key === "j") mark(Math.min(here + 1, all.length - 1));
    else if (event.key === "k") mark(Math.max(here - 1, 0));
    else if (event.key === "Enter" && here >= 0 && at === document.body) all[here].querySelector("a")?.click();
    else if (event.key === "x" && here >= 0) all[here].querySelector("input[type=checkbox]")?.click();
    else {
      const named = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
      if (!named) return;
      event.preventDefault();
      named.tagName === "SUMMARY" ? (named.click(), named.parentElement.querySelector("input,textarea")?.focus()) : named.focus();
      if (named.tagName === "A") named.click();
    }
  });

  // Countdowns: the words that the server wrote, kept true.
  const countdown = () => {
    const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
    for (const time of document.querySelectorAll("time[data-until]")) {
      const minutes = Math.round((Date.parse(time.dateTime) - Date.now()) / 60000);
      if (document.body.dataset.clock === "story") return;
      const [n, unit] = Math.abs(minutes) < 90 ? [minutes, "minute"] : Math.abs(minutes) < 2880 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
      time.textContent = words.format(n, unit);
    }
  };
  setInterval(countdown, 30000);

  // Copy buttons name the element whose text they take.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const from = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(from.value ?? from.textContent);
    button.dataset.done = button.textContent;
    button.textContent = "✓ " + button.textContent;
    setTimeout(() => { button.textContent = button.dataset.done; }, 1500);
  });
  const reveal = () => {
    for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  };
  reveal();

  // A text that is being edited asks what stands against it, a moment after the last key.
  for (const form of document.querySelectorAll("form[data-judge]")) {
    let timer, last = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const n = ++last;
        const body = new URLSearchParams(new FormData(form));
        const answer = await fetch(form.dataset.judge, { method: "POST", body, headers: { "takaza-live": "1" } });
        const said = answer.ok && await answer.text();
        if (said && n === last) document.getElementById("judged").innerHTML = said;
      }, 350);
    });
  }
  listen();
})();
