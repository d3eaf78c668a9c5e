// Without a script there is nothing to press, and the browser's own menu prints.
(() => {
  const button = document.querySelector("[data-print]");
  button.hidden = false;
  button.addEventListener("click", () => print());
})();
