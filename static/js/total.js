// Draws the new total as soon as something is picked, so that nobody has to type the card twice. What is picked and the
// coupon leave the page, nothing else. Without this script, or without an answer, the page's button does the same.
(() => {
  "use strict";
  const form = document.querySelector("form[data-total]");
  if (!form) return;
  const PICKED = ["offer", "bump", "shipping"];
  const SENT = [...PICKED, "csrf_token", "attempt", "couponCode"];
  const parts = (of) => [...of.querySelectorAll("[data-live]")];
  let latest = 0;

  // Not fetch: this one reads a page as a page, and text may not become markup here.
  const ask = (body) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.responseType = "document";
      request.onloadend = () => resolve(request.status === 200 && request.response);
      request.send(body);
    });

  async function draw() {
    const mine = ++latest;
    const body = new URLSearchParams([...new FormData(form)].filter(([name]) => SENT.includes(name)));
    body.set("do", "reckon");
    const page = await ask(body);
    const fresh = page && page.querySelector("form[data-total]");
    if (mine !== latest || !fresh || parts(fresh).length !== parts(form).length) return;
    parts(form).forEach((part, at) => part.replaceChildren(...parts(fresh)[at].childNodes));
    form.elements.attempt.value = fresh.elements.attempt.value;
  }

  form.addEventListener("change", (event) => {
    if (PICKED.includes(event.target.name)) draw().catch(() => {});
  });
})();
