// Counts an offer's last minutes on; the server ends the offer, this only says so.
(() => {
  const box = document.querySelector("[data-left]");
  const [shown, clock, spoken] = ["shown", "clock", "spoken"].map((name) => box.querySelector(`[data-${name}]`));
  const end = performance.now() + box.dataset.left * 1000;
  const say = { 300: spoken.dataset.five, 60: spoken.dataset.one };
  const timer = setInterval(tick, 1000);
  tick();

  function tick() {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (say[left]) spoken.textContent = say[left];
    if (!left) close();
  }

  function close() {
    clearInterval(timer);
    clock.textContent = "";
    shown.textContent = spoken.textContent = box.dataset.ended;
    document.querySelectorAll("[data-while-open]").forEach((part) => (part.hidden = true));
    document.querySelectorAll("[data-when-ended]").forEach((part) => (part.hidden = false));
  }
})();
