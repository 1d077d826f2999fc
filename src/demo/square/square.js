// Refreshes the page in place, so that a reader keeps their place. Without it the page refreshes
// as a whole. It waits while something is selected or the page is not in view.
"use strict";
setInterval(async () => {
  const selected = String(getSelection());
  if (document.hidden || selected || location.search) return;
  try {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [now, next] = [document.getElementById("live"), fresh.getElementById("live")];
    if (!next || now.innerHTML === next.innerHTML) return;
    const focused = now.contains(document.activeElement) && document.activeElement.getAttribute("href");
    now.replaceWith(next);
    if (focused) next.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  } catch {
    // The demo has ended; what was said stays on the page.
  }
}, 2000);
