// Draws the new total as soon as something is picked. Only what is picked and the coupon leave the page.
const form = document.querySelector("form[data-total]") || new DocumentFragment();
const PICKED = ["offer", "bump", "shipping"];
const SENT = [...PICKED, "csrf_token", "attempt", "couponCode", "do"];
const parts = (page) => page.querySelectorAll("[data-live]");
const asked = new XMLHttpRequest(); // reads a page as a page: text may not become markup

asked.responseType = "document";
asked.onload = () => {
  const fresh = asked.status === 200 && asked.response?.querySelector("form[data-total]");
  if (!fresh || parts(fresh).length !== parts(form).length) return;
  parts(form).forEach((part, at) => part.replaceChildren(...parts(fresh)[at].childNodes));
  form.elements.attempt.value = fresh.elements.attempt.value;
};

form.addEventListener("change", ({ target }) => {
  if (!PICKED.includes(target.name)) return;
  asked.open("POST", form.action); // ends the one under way
  asked.send(new URLSearchParams([...new FormData(form), ["do", "reckon"]].filter(([name]) => SENT.includes(name))));
});
