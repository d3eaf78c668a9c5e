// Counts an offer's last minutes on; the server ends it.
for (const box of document.querySelectorAll("[data-left]")) {
  const [shown, clock, spoken] = box.children, end = performance.now() + box.dataset.left * 1e3;
  const timer = setInterval(() => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1e3));
    clock.textContent = `${(left / 60) | 0}:${`${left % 60}`.padStart(2, 0)}`;
    spoken.textContent = spoken.dataset["at" + left] ?? spoken.textContent;
    if (left) return;
    clearInterval(timer);
    shown.textContent = spoken.textContent;
    clock.textContent = "";
    for (const part of document.querySelectorAll("[data-open]")) part.hidden = !part.hidden;
  }, 1e3);
}
