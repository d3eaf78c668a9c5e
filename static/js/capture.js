// Keeps contact details while they are typed, at most every 5 seconds. It reads the four fields named here and no
// others, and does nothing without the sentence that tells of it.
const FIELDS = ["firstName", "lastName", "emailAddress", "phoneNumber"];
const CALM = 500; // milliseconds after a field is left; a press of the form's own button comes sooner
const APART = 5100; // milliseconds: 5 s, and what a timer may come early
const sentence = document.querySelector("form [data-capture]");
const form = sentence && sentence.closest("form");

const typed = () => new URLSearchParams(FIELDS.map((name) => [name, form.elements[name].value.trim()]));
const enough = (values) =>
  values.get("firstName") && values.get("lastName") && (values.get("emailAddress") || values.get("phoneNumber"));
let kept = form && String(typed());
let sentAt = -APART;
let timer;

const send = (values) => {
  clearTimeout(timer);
  if (String(values) === kept || !enough(values)) return;
  const failed = () => (kept = "");
  kept = String(values);
  sentAt = performance.now();
  values.append("csrf_token", form.elements.csrf_token.value);
  fetch(sentence.dataset.capture, { method: "POST", body: values, keepalive: true })
    .then((answer) => answer.ok || failed(), failed);
};

if (form) {
  form.addEventListener("focusout", ({ target }) => {
    if (!FIELDS.includes(target.name)) return;
    const values = typed();
    clearTimeout(timer);
    timer = setTimeout(() => send(values), Math.max(CALM, sentAt + APART - performance.now()));
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    kept = String(typed()); // the form itself brings it
  });
  // The last chance: the server keeps the distance to the send before.
  addEventListener("pagehide", () => send(typed()));
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send(typed()));
}
