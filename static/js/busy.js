// After a press all buttons rest. That nothing is done twice is the server's.
const form = document.querySelector("form[data-busy]") || new DocumentFragment();
const line = form.appendChild(document.createElement("p"));
const buttons = [...form.querySelectorAll("button")];
const SLOW = 10_000; // milliseconds
const OVER = 60_000; // longer than any answer takes
let pressed, words, timers;

const mark = (resting) => buttons.forEach((button) => button.setAttribute("aria-disabled", resting));
const wake = () => {
  timers.forEach(clearTimeout);
  mark(false);
  pressed.replaceChildren(...words);
  pressed = line.textContent = "";
};
history.replaceState(null, ""); // Back sends no form again
line.setAttribute("role", "status");
form.addEventListener("submit", (event) => {
  if (pressed) return event.preventDefault();
  const by = event.submitter || buttons[0];
  pressed = buttons.find(({ value, dataset }) => dataset.busy && value === by.value) || by;
  words = [...pressed.childNodes];
  mark(true);
  if (pressed.dataset.busy) pressed.textContent = pressed.dataset.busy;
  line.textContent = form.dataset.busy;
  timers = [setTimeout(() => (line.textContent = form.dataset.slow), SLOW), setTimeout(wake, OVER)];
});
addEventListener("pageshow", ({ persisted }) => persisted && pressed && wake());
