// After a press all buttons rest. That nothing is done twice is the server's.
const form = document.querySelector("form[data-busy]") || new DocumentFragment();
const line = document.createElement("p");
const buttons = [...form.querySelectorAll("button")];
const SLOW = 10_000; // milliseconds
const OVER = 60_000; // longer than any answer takes
let timers, pressed;

const rest = (event) => {
  if (pressed) return event.preventDefault();
  const { value } = event.submitter || buttons[0];
  pressed = buttons.find((button) => button.value === value && button.dataset.busy) || event.submitter || buttons[0];
  pressed.words = [...pressed.childNodes];
  if (pressed.dataset.busy) pressed.textContent = pressed.dataset.busy;
  buttons.forEach((button) => button.setAttribute("aria-disabled", true));
  line.textContent = form.dataset.busy;
  timers = [setTimeout(() => (line.textContent = form.dataset.slow), SLOW), setTimeout(wake, OVER)];
};
const wake = () => {
  if (!pressed) return;
  timers.forEach(clearTimeout);
  buttons.forEach((button) => button.removeAttribute("aria-disabled"));
  pressed.replaceChildren(...pressed.words);
  pressed = line.textContent = "";
};

line.setAttribute("role", "status");
form.append(line);
form.addEventListener("submit", rest);
addEventListener("pageshow", ({ persisted }) => persisted && wake());
