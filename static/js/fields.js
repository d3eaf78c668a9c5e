// Says what is wrong with a field when it is left after a change, in words that stand on the page.
const form = document.querySelector("form[data-checked]") || new DocumentFragment();
const of = (input, name) => document.getElementById(`${input.id}-${name}`);

const all = (what) => form.querySelectorAll(what);
const fits = (pattern, text) => RegExp(`^(?:${pattern || ".*"})$`, "i").test(text);
const tidy = (text) =>
  text.replace(/\s+/g, " ").replace(/[\p{Cc}\p{Cf}]/gu, "").replace(/\p{Pd}/gu, "-").trim();
const number = (text) => tidy(text).replace(/[ -]/g, "");

const brands = [...all("[data-begins]")].map((each) => each.dataset);
const begins = (digits, range) => {
  const [low, high] = range.split("-");
  const start = digits.slice(0, low.length);
  return low <= start && start <= high;
};
const brandOf = (digits) => brands.find((brand) => brand.begins.split(" ").some((range) => begins(digits, range)));
const brandIn = (input) => brandOf(number(input.value));
const luhn = (sum, sign, at) => sum + (at % 2 ? ((2 * sign) % 10) + (sign > 4) : +sign);
const isCard = (digits) => /^\d{13,19}$/.test(digits) && [...digits].reverse().reduce(luhn, 0) % 10 === 0;

const mistake = (input) => {
  const source = form.elements[input.dataset.by]; // whose choice has its own words
  const chosen = source?.options ? source.selectedOptions[0].dataset : source && brandIn(source);
  const said = { ...input.dataset, ...chosen };
  const text = said.digits ? number(input.value) : tidy(input.value);
  if (/(?!\d)\p{Nd}/u.test(text)) return ""; // digits of another script
  if (!text && said.empty) return said.empty;
  const { lengths, refused } = brandOf(text) || { refused: said.unknown };
  if (said.unknown) return isCard(text) && fits(lengths, text) ? refused : said.wrong;
  if (input.options) return text ? "" : said.select;
  if ([...text].length > said.limit) return said.long;
  if (!fits(said.fits, text)) return said.wrong;
  return fits(said.lasts, text) ? "" : said.expired;
};
const judge = (input) => {
  const sentence = mistake(input);
  const line = of(input, "error");
  line.hidden = !sentence;
  line.lastChild.textContent = sentence;
  input.setAttribute("aria-invalid", !!sentence);
};

// The caret stays behind the digit it was behind.
const space = (input) => {
  const digits = number(input.value);
  if (/\D/.test(digits)) return;
  const { groups } = brandIn(input) || brands[0];
  const spaced = digits.match(groups).slice(1).filter(Boolean).join(" ");
  if (spaced === input.value) return;
  let caret = 0;
  for (let left = number(input.value.slice(0, input.selectionStart)).length; left; caret++) left -= spaced[caret] !== " ";
  input.value = spaced;
  input.setSelectionRange(caret, caret);
};
const tellBrand = (input, line) => {
  line.textContent = brandIn(input)?.brand ?? "";
  line.className = mistake(input) ? "" : "right";
};

const fitCountry = (country) => {
  const words = country.selectedOptions[0].dataset;
  for (const input of all(`[data-by="${country.name}"]`)) {
    if (words.state) input.labels[0].textContent = input.options ? words.state : words.postal;
    if (input.options) input.parentNode.hidden = words.select === "";
  }
};

const isSlip = (typed, meant) =>
  [...typed, ""].some((sign, at) => {
    const end = typed.slice(at + 1);
    const mended = [meant[at] + sign + end, meant[at] + end, end, end[0] + sign + end.slice(1)];
    return mended.includes(meant.slice(at)) && meant.startsWith(typed.slice(0, at));
  });
const suggest = (input) => {
  const button = of(input, "mend");
  const [name, domain = ""] = tidy(input.value).toLowerCase().split("@");
  const { common, real, words } = button.dataset;
  const likely = !real.split(" ").includes(domain) && common.split(" ").find((each) => isSlip(domain, each));
  button.hidden = !likely;
  button.textContent = words.replace("{}", likely);
  button.type = "button";
  button.onclick = () => {
    input.value = `${name}@${likely}`;
    button.hidden = true;
    judge(input);
    input.focus();
  };
};

const count = (input, line) => {
  const left = input.dataset.limit - [...tidy(input.value)].length;
  if (line) line.textContent = left > 5 ? "" : line.dataset.words.replace("{}", Math.max(left, 0));
};
form.addEventListener("input", ({ target, isComposing }) => {
  if (!of(target, "error") || isComposing) return;
  if (of(target, "brand")) space(target), tellBrand(target, of(target, "brand"));
  if (!mistake(target)) judge(target);
  count(target, of(target, "count"));
});
let press; // what is drawn during one moves its button
addEventListener("mousedown", ({ target }) => {
  if (of(target, "error")) return; // a list may keep its mouseup
  press = new Promise((done) => addEventListener("mouseup", () => setTimeout(done), { once: true }));
});
form.addEventListener("change", async ({ target }) => {
  if (!of(target, "error")) return;
  if (target.options) fitCountry(target);
  await press;
  if (of(target, "mend")) suggest(target);
  judge(target);
  all(`[data-by="${target.name}"][aria-invalid=true]`).forEach(judge);
});
all("[data-limit]").forEach((input) => input.removeAttribute("maxlength")); // told, not cut off
all("select").forEach(fitCountry);
