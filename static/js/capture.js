// Keeps contact details while they are typed, at most every 5 seconds: these four fields, and only where a sentence says so.
const FIELDS = ["firstName", "lastName", "emailAddress", "phoneNumber", "csrf_token"];
const CALM = 500; // milliseconds after a field is left
const APART = 5100; // milliseconds: 5 s, and what a timer may come early
const sentence = document.querySelector("form [data-capture]");
const form = sentence?.closest("form");
const typed = () => FIELDS.map((name) => form.elements[name].value.trim());
let kept = form && `${typed()}`;
let sentAt = -APART;
let timer;

const send = (values) => {
  const [first, last, email, phone] = values;
  clearTimeout(timer);
  if (`${values}` === kept || !first || !last || !(email || phone)) return;
  kept = `${values}`;
  sentAt = performance.now();
  const body = new URLSearchParams(values.map((value, at) => [FIELDS[at], value]));
  fetch(sentence.dataset.capture, { method: "POST", body, keepalive: true })
    .then(({ ok }) => ok || (kept = ""), () => (kept = ""));
};

form?.addEventListener("focusout", ({ target }) => {
  if (!FIELDS.includes(target.name)) return;
  clearTimeout(timer);
  timer = setTimeout(send, Math.max(CALM, sentAt + APART - performance.now()), typed());
});
form?.addEventListener("submit", () => {
  clearTimeout(timer);
  kept = `${typed()}`; // the form itself brings it
});
// The last chance: the server keeps the distance to the send before.
const leave = () => form && send(typed());
addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", leave);
